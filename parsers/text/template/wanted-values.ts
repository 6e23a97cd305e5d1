import { escapePattern } from '../escape-pattern.ts'

/** What takes a number, a time, a size, or one of a few words: of nginx, then of Apache. */
const FEW_VALUES =
  '\\w+_(?:timeout|size|buffers|requests|time|rate|tries)|worker_(?:processes|connections|rlimit_nofile)|expires|' +
  'keepalive|sendfile|tcp_nopush|tcp_nodelay|autoindex|gzip|rewrite_log|(?:keepalive|proxy)?timeout|' +
  'limitrequest\\w+|max(?:requestworkers|keepaliverequests|connectionsperchild)|threads\\w+|startservers|' +
  'serverlimit|loglevel|allowoverride|allowencodedslashes|sslengine|rewriteengine|proxypreservehost'
const ADDRESSES =
  'listen|<virtualhost|namevirtualhost|server|(?:proxy|fastcgi|uwsgi|scgi|grpc)_pass|proxypass(?:reverse)?'
const PATHS = 'root|alias|documentroot|<directory|errorlog|sslcertificate(?:key|chain)?file'

/**
 * True where a word is all of a value that has to be a number, a time, a size or one of a few words, with a unit behind
 * it or not, or where it is a port.
 *
 * @param line from its directive on
 */
export function isNumberIn(line: string, word: string): boolean {
  if (!line.includes(word)) return false
  const escaped = escapePattern(word)
  return (
    new RegExp(
      String.raw`^(?:${FEW_VALUES}|listen)[ \t]+["']?${escaped}(?:ms|[smhdwyMkKgG])?["']?[ \t\r]*(?:;|$)`,
      'i',
    ).test(line) ||
    new RegExp(String.raw`^(?:${ADDRESSES})[ \t][^\n]*:${escaped}(?=[\s;/">]|$)`, 'i').test(line)
  )
}

/** True where a path begins with a word that is all of its first directory, which is relative then. */
export function beginsPathIn(line: string, word: string): boolean {
  return (
    line.includes(word) &&
    new RegExp(String.raw`^(?:${PATHS})[ \t]+["']?${escapePattern(word)}/`, 'i').test(line)
  )
}
