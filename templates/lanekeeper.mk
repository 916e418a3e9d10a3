# Make targets for Lanekeeper; `lanekeeper init` includes this file with -include, so that a checkout
# without it, or without Lanekeeper, keeps a working Makefile. Nothing of the including Makefile is
# changed: neither its default goal, nor its variables or targets.

lanekeeper_goal := $(.DEFAULT_GOAL)
LANEKEEPER ?= lanekeeper

.PHONY: features lanes lanes-status review land lanes-stop lanes-clean

features: ## build the whole backlog with several agents at once (PARALLEL=3)
	@$(LANEKEEPER) run $(if $(PARALLEL),--parallel $(PARALLEL))

feature-%: ## build one feature, from claim to landing
	@$(LANEKEEPER) work $*

lanes: ## show the worktrees in which agents work
	@$(LANEKEEPER) lanes

lanes-status: ## show how the backlog stands
	@$(LANEKEEPER) status

review: ## show the branches that wait for a verdict
	@$(LANEKEEPER) review

review-%: ## show one feature's branch
	@$(LANEKEEPER) review $*

approve-%: ## let one feature's branch land
	@$(LANEKEEPER) review $* --approve

land: ## land what is ready
	@$(LANEKEEPER) land

lanes-stop: ## end the run; what the agents wrote is kept
	@$(LANEKEEPER) stop

lanes-clean: ## remove the lanes that no feature is in
	@$(LANEKEEPER) lanes clean

.DEFAULT_GOAL := $(lanekeeper_goal)
