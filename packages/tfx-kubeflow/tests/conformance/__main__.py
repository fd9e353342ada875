"""Makes the conformance table."""

from conformance.table import main

main()
