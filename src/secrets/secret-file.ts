import { type Look, plainLook } from './look.ts'

/** Names of files that hold nothing but secrets. */
const NAMES =
  /(?:^|\/)(?:g?shadow-?|\.?htpasswd[^/]*|[^/]*\.htpasswd|\.?htdigest[^/]*|\.pgpass|\.netrc|\.my\.cnf|\.git-credentials|id_(?:rsa|dsa|ecdsa|ed25519)|[^/]*\.(?:key|p12|pfx|jks|keystore|kdbx)|[^/]*privkey[^/]*\.pem|secret(?:s|_key)?(?:\.txt)?|(?:db_)?password(?:s)?(?:\.txt)?|credentials)$/i

/** A line of `.htpasswd` or of `/etc/shadow`: a name and what its password comes to. */
const HASHED = /^[\w.@+-]{1,100}:(?:\$[\w-]{1,20}\$|\{\w{2,20}\}|[*!]{1,2}(?::|$)|[./0-9A-Za-z]{13}(?::|$))/

/** What every such line holds. */
const HASH_HINT = /:(?:\$[\w-]{1,20}\$|\{\w{2,20}\}|[*!]{1,2}(?::|\s*$)|[./0-9A-Za-z]{13}(?::|\s*$))/m

/** How many lines that say something are looked at. */
const LINES = 20

/** True for a file in which every word may be a secret: of keys, of passwords, of their hashes. */
export function isSecretFile(path: string, text: string, look: Look = plainLook): boolean {
  if (NAMES.test(path)) return true
  if (!look(HASH_HINT, text)) return false
  let seen = 0
  let hashed = 0
  for (let start = 0; start < text.length && seen < LINES; ) {
    let end = text.indexOf('\n', start)
    if (end === -1) end = text.length
    const line = text.slice(start, Math.min(end, start + 300)).trim()
    start = end + 1
    if (line === '' || line.startsWith('#')) continue
    seen++
    if (HASHED.test(line)) hashed++
  }
  return hashed > 0 && hashed * 2 >= seen
}
