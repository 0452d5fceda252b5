"""The facts that services state, as data: frozen structs, one module a service, personal fields annotated."""
