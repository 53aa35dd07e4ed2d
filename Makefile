# Each target first makes sure that .venv is what requirements.lock says; see scripts/environment.sh. Then course.py does it.
COMMANDS = lab fresh unit test notebooks site card peers lint lock bench

.PHONY: help environment $(COMMANDS)

help:
	@sed -n '/^[a-z][a-z]*   /s/^/make /p' course.py

environment:
	@sh scripts/environment.sh

fresh: ARGUMENTS = $(NOTEBOOK)
notebooks: ARGUMENTS = $(NOTEBOOKS)
$(COMMANDS): environment
	@.venv/bin/python course.py $@ $(ARGUMENTS)
