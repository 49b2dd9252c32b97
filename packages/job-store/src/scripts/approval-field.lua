-- Whether a field of a record is that of a call that needs an approval; `record.ts` says what it holds.
local function is_approval(field)
  return string.sub(field, 1, 9) == 'approval:'
end
