"""What every contract shares: errors, languages, bodies, paging, keys, health, metrics and docs."""
