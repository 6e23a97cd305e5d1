/**
 * Placeholders that have no engine's tags: `%domain%`, `__PATH__`, `@PREFIX@`, `!PORT!`, `{port}`, `$$name`. Each looks
 * like something that one of the servers accepts somewhere, so a file has to show that it means them.
 */
export interface Style {
  /** What each of them begins with: most files are done with by looking for it. */
  readonly mark: string
  /** Sticky. */
  readonly pattern: RegExp
  /** True for one that every file has whose name says that somebody fills it in. */
  readonly isUsual?: boolean
  /** True for one that means nothing in any other file. */
  readonly isOfNamed?: boolean
  /** What a match says of the file. */
  readonly judge: (match: string, line: Line) => Verdict
}

/**
 * `proof`: the servers could not have meant it. `perhaps`: masked where another one is proof; `same`: where the same one
 * is elsewhere.
 */
export type Verdict = 'proof' | 'perhaps' | 'same' | 'none'

/** The line of a match, from its first character that is no blank; of several statements of nginx the one around it. */
export interface Line {
  readonly text: string
  /** What stands in front of the match in its line, other statements too. */
  readonly before: string
  /** The first word in lower case, a section's `<` left out. */
  readonly directive: string
  /** Where the whole line begins, behind its blanks. */
  readonly start: number
  readonly file: File
}

export interface File {
  readonly text: string
  /** True where its name says that somebody fills it in. */
  readonly isNamed: boolean
  /** nginx's variables that the file defines, in lower case. */
  readonly variables: () => ReadonlySet<string>
  /** What it gives names to, beside its variables. */
  readonly names: () => ReadonlySet<string>
  readonly hasMacros: () => boolean
  /** True where every variable in small letters, and more than one, has two dollars. */
  readonly doublesDollars: () => boolean
}

/** What takes patterns, formats and texts, in which anything may stand. */
export const FREE_TEXT = new Set(
  (
    'log_format logformat customlog transferlog errorlogformat access_log sub_filter rewrite rewriterule rewritecond ' +
    'rewritemap if elseif return add_header add_trailer more_set_headers header requestheader setenvif ' +
    'setenvifnocase browsermatch browsermatchnomatch errordocument set map aliasmatch redirectmatch ' +
    'proxypassmatch scriptaliasmatch locationmatch directorymatch filesmatch substitute proxy_cookie_path ' +
    'proxy_redirect fastcgi_split_path_info secrule secaction authname auth_basic charset_map env setenv'
  ).split(' '),
)

/** What holds names, addresses and paths, and neither a pattern nor a format. */
export const PLAIN_VALUES = new Set(
  (
    'listen server_name server upstream root alias proxy_pass fastcgi_pass uwsgi_pass scgi_pass grpc_pass include ' +
    'error_log ssl_certificate ssl_certificate_key ssl_trusted_certificate user index resolver worker_processes ' +
    'client_max_body_size servername serveralias serveradmin documentroot virtualhost directory errorlog ' +
    'includeoptional sslcertificatefile sslcertificatekeyfile sslcertificatechainfile proxypass ' +
    'proxypassreverse wsgiscriptalias wsgidaemonprocess suexecusergroup group rewritebase authuserfile authgroupfile ' +
    'auth_basic_user_file'
  ).split(' '),
)

/** Where nginx takes no variable. */
export const NO_VARIABLES =
  /^(?:listen|server_name|server|upstream|user|resolver|error_log|rewrite_log|sendfile|tcp_nopush|autoindex|gzip|worker_\w+|\w+_(?:timeout|size|buffers|requests))$/

/** Of Apache, what takes a number, or one of a few words. */
const NUMBERS =
  /^(?:(?:keepalive|proxy)?timeout|limitrequest\w+|max\w+|threads\w+|startservers|serverlimit|listenbacklog|loglevel|allowencodedslashes)$/

/** True where neither server takes anything but a number, or one of a few words. */
export function isNumber(directive: string, line: string): boolean {
  return NUMBERS.test(directive) || (NO_VARIABLES.test(directive) && isStatement(line))
}

/** True where a value is wanted that no variable and no format may be. */
export function isPlainValue({ directive, text }: Pick<Line, 'directive' | 'text'>): boolean {
  return PLAIN_VALUES.has(directive) || isNumber(directive, text)
}

/** True for a line of nginx, in which an opening brace outside of quotes begins a block. */
export function opensNoBlock({ text }: Line): boolean {
  return /(?:;[ \t}]*|[ \t]\{[ \t]*)(?:#.*)?\r?$/.test(text) && !/["'~]/.test(text)
}

/** True for a line of nginx: Apache's do not end in a semicolon. */
export function isStatement(line: string): boolean {
  return /;[\s}]*(?:#.*)?$/.test(line)
}

/** True for a line that nginx or Apache would read: `gzip on;`, `LogLevel warn`, `<VirtualHost *:80>`. */
export function isConfiguration(line: string): boolean {
  if (/^(?:export|readonly|local|exec|return)\s/.test(line)) return false
  return isStatement(line) ? /^[a-z_]+\s/.test(line) : /^<?[A-Z]\w*[a-z]\w*\s/.test(line)
}

/** Proof, but where anything may stand. */
export const fenced = (_: string, { directive, text }: Line): Verdict =>
  FREE_TEXT.has(directive) || text.includes('~') ? 'perhaps' : 'proof'

/** What a shell reads in another way: in a script, a compose file and a Dockerfile it means what it says. */
export function ofConfiguration(match: string, line: Line): Verdict {
  if (!isConfiguration(line.text)) return 'none'
  return PLAIN_VALUES.has(line.directive) ? fenced(match, line) : 'perhaps'
}
