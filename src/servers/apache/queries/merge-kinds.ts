/**
 * How httpd's modules merge an inner scope's directive into an outer one's:
 * `replace`: the innermost value that is set (`synonym` is another name of the same value);
 * `replace-list`: all lines of the innermost level that has any;
 * `append`: all lines, outer levels first; `inner-first`: all lines, inner levels first;
 * `by-key`: the last line for each first argument.
 */
export type Merge =
  | { readonly kind: 'replace'; readonly synonym: string | null }
  | { readonly kind: 'replace-list' | 'append' | 'inner-first' | 'by-key' }

const REPLACE: Merge = { kind: 'replace', synonym: null }

/** The names, in lower case, of everything that is not simply replaced. */
const KINDS: Readonly<Record<Exclude<Merge['kind'], 'replace'>, readonly string[]>> = {
  append: [
    'browsermatch',
    'browsermatchnocase',
    'header',
    'indexignore',
    'limit',
    'limitexcept',
    'proxypass',
    'proxypassmatch',
    'proxypassreverse',
    'requestheader',
    'remoteipinternalproxy',
    'remoteiptrustedproxy',
    'setenvif',
    'setenvifexpr',
    'setenvifnocase',
    'sslopensslconfcmd',
    'substitute',
  ],
  // mod_alias and mod_wsgi put a virtual host's own before the main server's, and the first match wins.
  'inner-first': [
    'alias',
    'aliasmatch',
    'redirect',
    'redirectmatch',
    'redirectpermanent',
    'redirecttemp',
    'scriptalias',
    'scriptaliasmatch',
    'wsgiscriptalias',
    'wsgiscriptaliasmatch',
  ],
  'by-key': [
    'addcharset',
    'addencoding',
    'addhandler',
    'addinputfilter',
    'addlanguage',
    'addoutputfilter',
    'addtype',
    'errordocument',
    'expiresbytype',
    'passenv',
    'setenv',
    'wsgihandlerscript',
  ],
  'replace-list': [
    'authbasicprovider',
    'customlog',
    'directoryindex',
    'protocols',
    // Neither rules nor conditions are inherited unless RewriteOptions says so.
    'rewritecond',
    'rewriterule',
    'transferlog',
  ],
}

/** Old and new names of one value, either way round. */
const SYNONYMS: readonly (readonly [string, string])[] = [
  ['maxclients', 'maxrequestworkers'],
  ['maxrequestsperchild', 'maxconnectionsperchild'],
]

const merges = new Map<string, Merge>()
for (const [kind, names] of Object.entries(KINDS))
  for (const name of names) merges.set(name, { kind } as Merge)
for (const [a, b] of SYNONYMS) {
  merges.set(a, { kind: 'replace', synonym: b })
  merges.set(b, { kind: 'replace', synonym: a })
}

export function mergeOf(name: string): Merge {
  return merges.get(name.toLowerCase()) ?? REPLACE
}
