-- Lines whose jobs have been written whole, and have reached their line or queue.
-- KEYS see batch-settle
-- ARGV the lines
for _, line in ipairs(ARGV) do
  local stored = line_state(KEYS, line)
  if string.lower(stored) == 'w' then
    set_line_state(KEYS, line, stored, 'q')
  end
end
return 1
