"""Where the Beam steps compute: this process, processes of this machine, or an engine's workers."""
