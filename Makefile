PY := .venv/bin/python
.PHONY: help setup demo test lint bench docs lock clean

help:            ## what there is to make
	@grep -E '^[a-z]+: .*##' $(MAKEFILE_LIST) | sed -E 's/:.*##/\t/' | expand -t 12
