"""The drivers behind the kernel's ports; nothing outside this folder imports a database or broker."""
