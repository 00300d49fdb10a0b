"""Ways into a release: the twenty questions of docs/research.md, and a page to ask one's own (`monitor explore`)."""
