-- Publishes through the node that owns the channel, whose answer counts its own subscribers.
-- KEYS   1 channel
-- ARGV   1 message
-- Result how many heard it there
return redis.call('PUBLISH', KEYS[1], ARGV[1])
