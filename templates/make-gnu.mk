# The targets of lanekeeper.mk for GNU make 4. Recipes stand on the line of their rule, so that a
# .RECIPEPREFIX of the including Makefile does not matter, and begin with +, so that the job server is
# handed on; under -n, -t and -q the program itself does nothing but say so.

LANEKEEPER ?= lanekeeper

features: ## build the backlog, as many features at once as -j says: make -j3 features
feature-ID: ## build one feature and what it depends on
lanes: ## show the worktrees in which agents work
lanes-status: ## show how the backlog stands
review: ## show the branches that wait for a verdict
review-ID: ## show one branch: its diff, its gate, its log, and how to send it back
approve-ID: ## let one branch land
land: ## land what is approved and ready
lanes-stop: ## end the run; what the agents wrote is kept
lanes-clean: ## remove the worktrees that no feature is in
lanes-ui: ## show the backlog, the lanes and the reviews as a web page
lanes-help: ## list these targets

# The rules of the backlog, asked for anew each time that they are needed, and only then.
ifneq (,$(filter features feature-%,$(MAKECMDGOALS)))
define lanekeeper_newline


endef
lanekeeper_rules := $(shell "$(LANEKEEPER)" graph --format make --joined @lanekeeper@)
ifeq (127,$(.SHELLSTATUS))
$(error $(LANEKEEPER) is not found; install Lanekeeper, or say where it is: make LANEKEEPER=/path/to/lanekeeper)
endif
ifneq (0,$(.SHELLSTATUS))
$(error lanekeeper could not write the rules of the backlog; what is wrong stands above)
endif
$(eval $(subst @lanekeeper@,$(lanekeeper_newline),$(lanekeeper_rules)))
lanekeeper_loaded := yes
endif

# A target of the including Makefile wins over an implicit rule, without a warning. Each of these fits one
# name alone, since nothing else makes its prerequisite.
lane%: lanekeeper-make-lane-% ; +@"$(LANEKEEPER)" lanes
lanes-statu%: lanekeeper-make-lanes-statu-% ; +@"$(LANEKEEPER)" status
revie%: lanekeeper-make-revie-% ; +@"$(LANEKEEPER)" review
approv%: lanekeeper-make-approv-% ; +@"$(LANEKEEPER)" review --approve
lan%: lanekeeper-make-lan-% ; +@"$(LANEKEEPER)" land
lanes-sto%: lanekeeper-make-lanes-sto-% ; +@"$(LANEKEEPER)" stop
lanes-clea%: lanekeeper-make-lanes-clea-% ; +@"$(LANEKEEPER)" lanes clean
lanes-u%: lanekeeper-make-lanes-u-% ; +@"$(LANEKEEPER)" ui
lanes-hel%: lanekeeper-make-lanes-hel-% ; +@$(lanekeeper_help)
hel%: lanekeeper-make-hel-% ; +@$(lanekeeper_help)
featur%s: lanekeeper-make-featur-%-s $(lanekeeper_features) ; +@$(if $(lanekeeper_loaded),:,"$(LANEKEEPER)" run)
lanekeeper_names := lane-s lanes-statu-s revie-w approv-e lan-d lanes-sto-p lanes-clea-n lanes-u-i lanes-hel-p hel-p featur-e-s
.PHONY: $(addprefix lanekeeper-make-,$(lanekeeper_names))
$(addprefix lanekeeper-make-,$(lanekeeper_names)):

lanekeeper_help = awk -F ':.*\#\# ' '/^[A-Za-z0-9_.-]+:.*\#\# / { printf "  make %-14s %s\n", $$1, $$2 }' $(foreach file,$(wildcard $(MAKEFILE_LIST)),'$(subst ','\'',$(file))')

# Ids hold letters, digits, dots, dashes and underscores; a goal with anything else is nobody's.
lanekeeper_odd = $(strip $(foreach c,' " ; = : \ $$ % & < > ( ) * ? [ ] ! ~ / { } | ` ^,$(findstring $c,$1)))
lanekeeper_known = $(strip $(foreach goal,$(filter $1,$(MAKECMDGOALS)),$(if $(call lanekeeper_odd,$(goal)),,$(goal))))
lanekeeper_asked := $(call lanekeeper_known,feature-% review-% approve-%)
ifneq (,$(lanekeeper_asked))
feature-%: lanekeeper-make-feature-% ; +@"$(LANEKEEPER)" work -- '$*'
review-%: lanekeeper-make-review-% ; +@"$(LANEKEEPER)" review -- '$*'
approve-%: lanekeeper-make-approve-% ; +@"$(LANEKEEPER)" review --approve -- '$*'
.PHONY: $(addprefix lanekeeper-make-,$(lanekeeper_asked))
$(addprefix lanekeeper-make-,$(lanekeeper_asked)):
endif
