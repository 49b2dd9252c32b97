/** Our deadlines are signals; the SDKs' own, 60 s by default, are moved out of the way. The longest timer there is. */
export const NO_TIMEOUT_MS = 2_147_483_647;
