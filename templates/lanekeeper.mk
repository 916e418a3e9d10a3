# Make targets for Lanekeeper; `lanekeeper init` includes this file with -include, so that a checkout
# without it, or without Lanekeeper, keeps a working Makefile. Nothing of the including Makefile is
# changed: not its default goal, its variables, or its targets, also where they have the same names.
#
# This file is read by every make; what GNU make 4 is needed for stands in make-gnu.mk beside it.

lanekeeper_kind := $(if $(filter 4.% 5.%,$(MAKE_VERSION)),-gnu)
lanekeeper_goal := $(.DEFAULT_GOAL)

-include $(dir $(lastword $(MAKEFILE_LIST)))make$(lanekeeper_kind).mk

# Under GNU make 4 these have other names.
features$(lanekeeper_kind) lanes$(lanekeeper_kind) lanes-status$(lanekeeper_kind) review$(lanekeeper_kind) approve$(lanekeeper_kind) land$(lanekeeper_kind) lanes-stop$(lanekeeper_kind) lanes-clean$(lanekeeper_kind) lanes-ui$(lanekeeper_kind) lanes-help$(lanekeeper_kind): ; @echo "this target needs GNU make 4.0 or later, which this make is not; often it is installed as gmake" >&2; exit 2

.DEFAULT_GOAL := $(lanekeeper_goal)
