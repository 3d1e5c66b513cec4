"""Running Caseway: settings, command line, worker and watcher processes, health, embedded services."""
