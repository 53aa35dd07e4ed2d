"""Settings of the notebooks' kernel."""

c = get_config()

# Below an error it only warns that the kernel could be listened to by someone on this same machine.
c.IPKernelApp.log_level = "ERROR"
