"""The web app under `/app/`: its files, built from `frontend/` into `built/`, and the calls that answer them."""
