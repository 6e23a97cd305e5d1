import { once } from '../../collections/once.ts'
import { escapePattern } from '../escape-pattern.ts'
import { lineStart } from '../line-start.ts'
import { placeholder, UNKNOWN } from '../placeholder.ts'
import { maskMarkedWords } from './marked-words.ts'
import { beginsPathIn, isNumberIn } from './wanted-values.ts'

/**
 * Placeholders that have no engine's tags: `%domain%`, `__PATH__`, `@PREFIX@`, `!PORT!`, `{port}`, `$$name`. Each looks
 * like something that one of the servers accepts somewhere, so a file has to show that it means them.
 */
interface Style {
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
type Verdict = 'proof' | 'perhaps' | 'same' | 'none'

/** The line of a match, from its first character that is no blank; of several statements of nginx the one around it. */
interface Line {
  readonly text: string
  /** What stands in front of the match in its line, other statements too. */
  readonly before: string
  /** The first word in lower case, a section's `<` left out. */
  readonly directive: string
  /** Where the whole line begins, behind its blanks. */
  readonly start: number
  readonly file: File
}

interface File {
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
const FREE_TEXT = new Set(
  (
    'log_format logformat customlog transferlog errorlogformat access_log sub_filter rewrite rewriterule rewritecond ' +
    'rewritemap if elseif return add_header add_trailer more_set_headers header requestheader setenvif ' +
    'setenvifnocase browsermatch browsermatchnomatch errordocument set map aliasmatch redirectmatch ' +
    'proxypassmatch scriptaliasmatch locationmatch directorymatch filesmatch substitute proxy_cookie_path ' +
    'proxy_redirect fastcgi_split_path_info secrule secaction authname auth_basic charset_map env setenv'
  ).split(' '),
)

/** What holds names, addresses and paths, and neither a pattern nor a format. */
const PLAIN_VALUES = new Set(
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
const NO_VARIABLES =
  /^(?:listen|server_name|server|upstream|user|resolver|error_log|rewrite_log|sendfile|tcp_nopush|autoindex|gzip|worker_\w+|\w+_(?:timeout|size|buffers|requests))$/

/** Of Apache, what takes a number, or one of a few words. */
const NUMBERS =
  /^(?:(?:keepalive|proxy)?timeout|limitrequest\w+|max\w+|threads\w+|startservers|serverlimit|listenbacklog|loglevel|allowencodedslashes)$/

/** True where neither server takes anything but a number, or one of a few words. */
function isNumber(directive: string, line: string): boolean {
  return NUMBERS.test(directive) || (NO_VARIABLES.test(directive) && isStatement(line))
}

/** True where a value is wanted that no variable and no format may be. */
function isPlainValue({ directive, text }: Pick<Line, 'directive' | 'text'>): boolean {
  return PLAIN_VALUES.has(directive) || isNumber(directive, text)
}

/** True for a line of nginx, in which an opening brace outside of quotes begins a block. */
function opensNoBlock({ text }: Line): boolean {
  return /(?:;[ \t}]*|[ \t]\{[ \t]*)(?:#.*)?\r?$/.test(text) && !/["'~]/.test(text)
}

const MARKUP = new Set(
  'a b body br center code div em font footer form h1 h2 h3 h4 head header hr html i iframe img input li link main meta noscript ol p pre script section small span strong style svg table td th title tr tt u ul'.split(
    ' ',
  ),
)

/** True for a line of nginx: Apache's do not end in a semicolon. */
function isStatement(line: string): boolean {
  return /;[\s}]*(?:#.*)?$/.test(line)
}

/** True for a line that nginx or Apache would read: `gzip on;`, `LogLevel warn`, `<VirtualHost *:80>`. */
function isConfiguration(line: string): boolean {
  if (/^(?:export|readonly|local|exec|return)\s/.test(line)) return false
  return isStatement(line) ? /^[a-z_]+\s/.test(line) : /^<?[A-Z]\w*[a-z]\w*\s/.test(line)
}

/** Proof, but where anything may stand. */
const fenced = (_: string, { directive, text }: Line): Verdict =>
  FREE_TEXT.has(directive) || text.includes('~') ? 'perhaps' : 'proof'

/** What a shell reads in another way: in a script, a compose file and a Dockerfile it means what it says. */
function ofConfiguration(match: string, line: Line): Verdict {
  if (!isConfiguration(line.text)) return 'none'
  return PLAIN_VALUES.has(line.directive) ? fenced(match, line) : 'perhaps'
}

/** True behind the end of a directive, where `#` begins a comment. */
const isBehindEnd = (_: string, { before }: Line): boolean => /[;{}]\s*$/.test(before)

/** The same, but where a variable of nginx stands in it, which is a slip in a line of nginx: `{$host}`, `$$host`. */
const notOfNginx = (match: string, line: Line): Verdict =>
  OF_NGINX.test(match) && isStatement(line.text) ? 'perhaps' : fenced(match, line)

/**
 * The same, but it is no slip where every variable of the file is written so: what fills it in takes one `$` for a name
 * of its own, as Python's `string.Template` and Compose do.
 */
const escapedOfNginx = (match: string, line: Line): Verdict =>
  notOfNginx(match, line) === 'proof' || line.file.doublesDollars() ? 'proof' : 'perhaps'

const OF_NGINX =
  /^\W+(?:host|http_\w+|scheme|uri|request_\w+|remote_\w+|server_\w+|args|is_args|query_string|document_\w+|proxy_add_x_forwarded_for)\W*$/

function isWholePattern(match: string, line: string): boolean {
  return [`~ ${match} `, `~* ${match} `, `~* (${match})`, `~ (${match})`].some(text => line.includes(text))
}

/** `@CACHE_SIZE`, `%PORT`, `:PORT:`, with a unit behind it or not. */
const ONE_SIDED = (
  [
    ['@', '(?<![\\w@%$}])@', ''],
    ['%', '(?<![\\w@%$}])%', ''],
    [':', '(?<![\\w:)\\]}*?!+]):', ':(?![\\w:])'],
  ] as const
).map(
  ([mark, before, behind]) =>
    [
      mark,
      new RegExp(
        `${before}[A-Z][A-Z\\d]+(?:_[A-Z\\d]+)*${behind === '' ? '(?:(?![\\w@%{-])|(?=(?:ms|[smhdwykgr])(?!\\w)))' : behind}`,
        'y',
      ),
    ] as const,
)

const STYLES: readonly Style[] = [
  {
    mark: '%',
    // A variable of Apache may follow it: `https://%domain%%{REQUEST_URI}`.
    pattern: /%%?[A-Za-z_][\w.-]*\w%(?:%(?!\{))?|(?<=[\s:/])%%?[A-Za-z]%%?(?=[\s:;/>]|$)/y,
    isUsual: true,
    // `%e2%80%`: two octets of an encoded address.
    judge: (match, line) => (/^%[\da-f]{2}%$/i.test(match) ? 'none' : fenced(match, line)),
  },
  {
    mark: '__',
    pattern: /__[A-Z][A-Z\d]*(?:_[A-Z\d]+)*__|(?<![\w${%@])__[a-z][a-z\d]*(?:_[a-z\d]+)*__(?!_)/y,
    // `location ~ __REGEX__`: where it is all of a pattern, nothing is matched by it.
    judge: (match, line) => {
      if (/[A-Z]/.test(match)) return isWholePattern(match, line.text) ? 'proof' : fenced(match, line)
      if (OF_PYTHON.test(match)) return 'none'
      // In small letters `__init__` and `__debug__` are parts of paths, and servers that are nobody's `__default__`.
      if (isNumberIn(line.text, match) || beginsPathIn(line.text, match)) return 'proof'
      return isSeveralWords(match, line.text) ? fenced(match, line) : 'perhaps'
    },
  },
  // Of one underscore on either side, as variables and names of nginx's own may have.
  {
    mark: '_',
    pattern: /(?<![\w${%@-])_[A-Z][A-Z\d]*(?:_[A-Z\d]+)*_(?![\w-])/y,
    judge: (match, line) => {
      if (line.file.names().has(match)) return 'none'
      return isPlainValue(line) ? fenced(match, line) : 'perhaps'
    },
  },
  // The same in small letters, and others that only a number or a port tells from names.
  ...(
    [
      ['_', /(?<![\w${%@-])_[a-z][a-z\d]*(?:_[a-z\d]+)*_(?![\w-])/y],
      ['REPLACE_', /(?<![\w${%@-])REPLACE_[a-z][a-z\d]*(?:_[a-z\d]+)*\b/y],
      ['CHANGEME_', /(?<![\w${%@-])CHANGEME_[a-z][a-z\d]*(?:_[a-z\d]+)*\b/y],
      ['XX', /(?<![\w${%@-])X{2,}[a-z][a-z\d]*(?:_[a-z\d]+)*X{2,}/y],
    ] as const
  ).map(
    ([mark, pattern]): Style => ({
      mark,
      pattern,
      judge: (match, { text, file }) => {
        if (file.names().has(match)) return 'none'
        return isNumberIn(text, match) ? 'proof' : 'perhaps'
      },
    }),
  ),
  {
    mark: '##',
    pattern: /(?<!#)##[A-Z][A-Z\d_]*##(?!#)/y,
    judge: (match, line) => (isBehindEnd(match, line) ? 'none' : fenced(match, line)),
  },
  // In small letters it may well be a comment of nginx, but where its line goes on to an end.
  {
    mark: '##',
    pattern: /(?<!#)##[a-z][a-z\d_]*##(?!#)/y,
    judge: (match, line) => {
      if (isBehindEnd(match, line)) return 'none'
      return isNumberIn(line.text, match) ? 'proof' : 'perhaps'
    },
  },
  {
    mark: '#',
    pattern: /(?<![#\w])#[A-Z][A-Z\d_]*#(?!#)/y,
    judge: (match, line) => (isBehindEnd(match, line) ? 'none' : fenced(match, line)),
  },
  // Of Octopus, of the pipelines of Azure, and of Ruby.
  {
    mark: '#{',
    pattern: /#\{[A-Za-z_][\w.:-]*\}#?/y,
    judge: (match, line) => (isBehindEnd(match, line) ? 'none' : ofConfiguration(match, line)),
  },
  // Of make, and of the pipelines of Azure.
  { mark: '$(', pattern: /(?<!\$)\$\([A-Za-z_][\w.]*\)/y, judge: ofConfiguration },
  // Hiera, where what is no variable of its own is written `%%{}{REQUEST_URI}`.
  { mark: '%%{', pattern: /%%\{\w*\}\{[^}\s]*\}/y, judge: () => 'proof' },
  {
    mark: '%{',
    pattern:
      /%\{(?:(?:hiera|lookup|literal|alias|scope)\([^)}\n]*\)|(?:::|(?:server_)?facts\.|trusted\.)[\w.:]+)\}/y,
    judge: () => 'proof',
  },
  // Of nothing that nginx reads; of Apache a name that it has not, where it reads none.
  {
    mark: '%{',
    pattern: /(?<!%)%\{[A-Za-z_][\w.-]*\}/y,
    isUsual: true,
    judge: (match, line) => {
      if (OF_APACHE.test(match)) return 'none'
      if (opensNoBlock(line)) return fenced(match, line)
      // `%{Referer}i`, `%{begin:sec}t`.
      if (/^\^?[a-z]{1,2}\b/i.test(line.text.slice(line.text.indexOf(match) + match.length))) return 'none'
      // Aliases may have expressions, and mod_wsgi has names of its own: `display-name=%{GROUP}`.
      if (line.directive.startsWith('wsgi')) return 'none'
      return isPlainValue(line) && !line.directive.includes('alias') ? fenced(match, line) : 'perhaps'
    },
  },
  // Of Less and of Perl, whose lines stand between `<Perl>` and its end.
  {
    mark: '@{',
    pattern: /(?<![\w@])@\{[A-Za-z_][\w.-]*\}/y,
    judge: (match, line) => {
      if (/<Perl\b/i.test(line.file.text) || line.file.text.includes('_by_lua')) return 'none'
      return opensNoBlock(line) || isPlainValue(line) ? fenced(match, line) : 'perhaps'
    },
  },
  {
    mark: '!',
    pattern: /(?<![\w!])![A-Z][A-Z\d_]*!(?![\w!])/y,
    judge: (match, line) => (line.directive.includes('cipher') ? 'none' : fenced(match, line)),
  },
  { mark: '**', pattern: /\*\*[A-Z][A-Z\d_]*\*\*/y, judge: fenced },
  {
    mark: '@',
    pattern: /@@?[A-Za-z_][\w.-]*\w@@?|(?<=[\s:/])@@?[A-Za-z]@@?(?=[\s:;/>]|$)/y,
    isUsual: true,
    // In capitals it is nobody's pattern and nobody's text.
    judge: (match, line) => (/^@[A-Z][A-Z\d_]+@$/.test(match) ? 'proof' : fenced(match, line)),
  },
  // With one mark alone, as a script of `sed` likes it. Of nginx such a word is the name of a location.
  ...ONE_SIDED.map(
    ([mark, pattern]): Style => ({
      mark,
      pattern,
      judge: (match, line) => {
        const { directive, text, file } = line
        if (/cipher|^(?:location|try_files|error_page)$/.test(directive) || file.names().has(match))
          return 'none'
        if (isNumberIn(text, match) || (NO_VARIABLES.test(directive) && isStatement(text))) return 'proof'
        return FREE_TEXT.has(directive) || /["'~]/.test(text) || !isConfiguration(text) ? 'same' : 'perhaps'
      },
    }),
  ),
  // Of DirectAdmin. In a pattern it is one of several words.
  {
    mark: '|',
    pattern: /(?<![\w()\]*+?\\"'])\|[A-Z][A-Z\d_]*\|(?![\w()[\\"'])/y,
    judge: (match, line) => {
      if (line.directive === '' && line.text.trim() === match) return 'perhaps'
      return isPlainValue(line) ? fenced(match, line) : 'perhaps'
    },
  },
  { mark: '--', pattern: /(?<![\w-])--[A-Za-z]\w*(?:-\w+)*--(?![\w-])/y, judge: fenced },
  { mark: '$$', pattern: /\$\$[A-Za-z_]\w*(?:\$\$(?!\w))?/y, judge: escapedOfNginx },
  { mark: '${', pattern: /\$\{[A-Za-z][\w-]*\.[\w.:-]+(?: ?\| ?\w+(?:, ?\w+)*)?\}/y, judge: fenced },
  // Calls and members of Terraform, Mako and FreeMarker.
  {
    mark: '${',
    pattern:
      /(?<![\\$])\$\{ ?[A-Za-z_][\w.]*(?:\([^{}\n]{0,200}\)|\[[\w"'.]{1,60}\])(?:[.?][\w.()?-]{1,60})? ?\}/y,
    judge: (match, line) => (isConfiguration(line.text) ? fenced(match, line) : 'none'),
  },
  // Of zc.buildout. Apache asks a map so, in its rules.
  {
    mark: '${',
    pattern: /(?<![\\$])\$\{[A-Za-z][\w.-]*:[A-Za-z][\w.-]*\}/y,
    judge: (match, line) => {
      if (/^(?:rewrite|set$|define)/.test(line.directive) || !isConfiguration(line.text)) return 'none'
      return isPlainValue(line) ? fenced(match, line) : 'perhaps'
    },
  },
  // What `envsubst` makes `$` and the value of, and Terraform a variable of nginx.
  {
    mark: '$${',
    pattern: /(?<![\\$])\$\$\{[A-Za-z_]\w*\}/y,
    isUsual: true,
    judge: (_, { file, text }) => (file.isNamed && isConfiguration(text) ? 'proof' : 'none'),
  },
  // Smarty.
  { mark: '{$', pattern: /(?<![$%{\\])\{\$[A-Za-z_][\w.>[\]-]*(?:\|[^}\n]*)?\}/y, judge: notOfNginx },
  {
    mark: '{',
    pattern: /(?<![$%#@{\\])\{[A-Za-z_][\w.]*\}(?!\})/y,
    isUsual: true,
    judge: (match, line) => {
      // In Lua they are tables.
      if (line.file.text.includes('_by_lua')) return 'none'
      // Apache's expressions begin with braces too.
      const isPlain =
        PLAIN_VALUES.has(line.directive) || isStatement(line.text) || isNumber(line.directive, line.text)
      return isPlain ? fenced(match, line) : 'perhaps'
    },
  },
  {
    mark: '{',
    pattern: /(?<![$%#{\\\w])\{[A-Za-z]\w*(?: \w+){1,3}\}(?!\})/y,
    judge: (_, { directive, text }) => {
      if (text.includes('~') || !(isStatement(text) || /^<?[A-Z]/.test(text))) return 'none'
      if (!PLAIN_VALUES.has(directive)) {
        if (isNumber(directive, text)) return 'proof'
        return WITH_PATHS.test(directive) && !/["']/.test(text) ? 'perhaps' : 'none'
      }
      // To nginx such a brace begins a block, of which the others have none.
      return OF_BLOCKS.test(directive) ? 'none' : 'proof'
    },
  },
  // Of Python's `format`. Behind anything else such braces count in a pattern.
  {
    mark: '{',
    pattern: /(?<=[ \t"'])\{\d\}(?=[/."'>:; \t])/y,
    judge: (match, line) => (PLAIN_VALUES.has(line.directive) ? fenced(match, line) : 'perhaps'),
  },
  { mark: '<<', pattern: /<<[A-Za-z][\w.:-]*(?: [\w.:-]+)*>>/y, judge: fenced },
  {
    mark: '<',
    pattern: /(?<![?<(\\P])<[A-Za-z][\w.:-]*(?: [\w.:-]+)*>/y,
    judge: (match, { text, directive }) => {
      const [word = ''] = match.slice(1, -1).toLowerCase().split(' ')
      // Outside of quotes `<CODE>` and `<http or https>` are nobody's text, nor `<p>` where a number is wanted.
      const isQuoted = /["']/.test(text)
      if (!isQuoted && !text.includes('</') && isPlainValue({ text, directive })) return 'proof'
      if (!isQuoted && /^<[A-Z][A-Z\d_]+>$/.test(match)) return 'proof'
      if (text.includes('</') || MARKUP.has(word)) return 'none'
      if (/^<[A-Z\d]+_[A-Z\d_]+>$/.test(match) || isNumber(directive, text)) return 'proof'
      if (!isQuoted && match.includes(' ') && (isStatement(text) || isConfiguration(text)))
        return FREE_TEXT.has(directive) && !isStatement(text) ? 'perhaps' : 'proof'
      return PLAIN_VALUES.has(directive) ? 'proof' : 'perhaps'
    },
  },
  // `[your domain]`, `[FILE NAME]`. Wildcards of Apache and of `include` are sets of letters.
  {
    mark: '[',
    pattern: /(?<![\w\])}*?\\])\[[A-Za-z]\w*(?:[ -]\w+)*\](?![[({*?+\w])/y,
    judge: (match, { directive, text }) => {
      if (!PLAIN_VALUES.has(directive) && isNumber(directive, text)) return 'proof'
      if (!PLAIN_VALUES.has(directive) || /^(?:include|directory)/.test(directive) || text.includes('~'))
        return 'none'
      return match.length > 5 && !/^\[(?:\w-\w)+\]$/.test(match) ? 'proof' : 'none'
    },
  },
  // `[[timeout]]`; `[[:alpha:]]` is a set of letters, and Lua writes texts so.
  {
    mark: '[[',
    pattern: /(?<![\w\])}*?\\])\[\[ ?[A-Za-z_][\w.]* ?\]\](?![[({*?+\w])/y,
    judge: (match, line) => {
      if (line.file.text.includes('_by_lua') || /^(?:include|directory)/.test(line.directive)) return 'none'
      return isPlainValue(line) ? fenced(match, line) : 'perhaps'
    },
  },
  // `/your path`, `你的域名`.
  {
    mark: 'your ',
    pattern: /(?<=[ \t/])your [a-z]+(?: [a-z]+){0,3}(?=[/.;]|[ \t]*[;{])/y,
    judge: (_, { directive, text }) =>
      (PLAIN_VALUES.has(directive) || directive === 'location') && !/["'~]/.test(text) ? 'proof' : 'none',
  },
  ...['你的', '您的'].map(
    (mark): Style => ({
      mark,
      pattern: /[你您]的[^;{}"'#\n]{0,100}[^\s;{}"'#]/y,
      judge: (_, { directive }) => (FREE_TEXT.has(directive) ? 'perhaps' : 'proof'),
    }),
  ),
  // Of Concourse and BOSH.
  {
    mark: '((',
    pattern: /\(\([A-Za-z][\w./-]*\)\)/y,
    judge: (match, line) => (PLAIN_VALUES.has(line.directive) ? fenced(match, line) : 'perhaps'),
  },
  {
    mark: '%',
    pattern: /%\([A-Za-z_]\w*\)[sdi]|(?<=[\s/:"])%[sd](?![A-Za-z\d])/y,
    judge: (match, { directive }) => {
      if (PLAIN_VALUES.has(directive)) return 'proof'
      return match.startsWith('%(') ? 'perhaps' : 'none'
    },
  },
  {
    mark: '$',
    pattern:
      /(?<!\$)\$\{[A-Z_][A-Z\d_]*(?::?[-=+?][^}\n]*)?\}|(?<!\$)\$[A-Z][A-Z\d_]*(?:\b|(?=(?:ms|[smhdwykg])[ \t]*;))/y,
    isUsual: true,
    // nginx's own variables are written in lower case.
    judge: (match, line) => {
      const { directive, text, file } = line
      const name = /\w+/.exec(match)?.[0] ?? ''
      if (file.variables().has(name.toLowerCase())) return 'none'
      // Of one letter it is no name to be sure of.
      if (name.length === 1 && !file.isNamed) return 'none'
      // In a script, a compose file and a Dockerfile it is the shell's own, and means what it says.
      if (/^\$\{\w+:[-=+?]/.test(match)) {
        if (!isConfiguration(text)) return 'none'
        // To nginx no name of a variable has a colon: it asks for the closing bracket.
        return /^(?:auth_basic|add_header|set|return|access_log|sub_filter)$/.test(directive) &&
          isStatement(text)
          ? 'proof'
          : fenced(match, line)
      }
      // Apache puts nothing in its place but in macros, and takes no backend without its scheme.
      if (/^proxypass/.test(directive) && text.includes(` ${match}://`))
        return /<Macro\s/i.test(file.text) ? 'none' : 'proof'
      if (isWantedByApache(match, line) || isAlone(match, line)) return 'proof'
      return NO_VARIABLES.test(directive) && isStatement(text) ? 'proof' : 'perhaps'
    },
  },
  // The same in small letters: to nginx no name of a variable has a colon.
  {
    mark: '${',
    pattern: /(?<!\$)\$\{[a-z_][a-z\d_]*:[-=+?][^}\n]{0,200}\}/y,
    judge: (match, line) => (isConfiguration(line.text) ? fenced(match, line) : 'none'),
  },
  // Of Lapis, which writes the file before it starts nginx.
  { mark: '${{', pattern: /\$\{\{[A-Z][A-Z\d_]*\}\}/y, judge: () => 'proof' },
  // Of the actions of GitHub.
  { mark: '${{', pattern: /\$\{\{[^{}\n]*[\w)\]][^{}\n]*\}\}/y, judge: fenced },
  {
    mark: '${',
    pattern: /(?<!\$)\$\{(?=\w*[A-Z])[A-Za-z_]\w*[a-z]\w*\}/y,
    judge: (match, { directive, text, file }) => {
      if (!NO_VARIABLES.test(directive) || !isStatement(text)) return 'none'
      return file.variables().has(match.slice(2, -1).toLowerCase()) ? 'none' : 'proof'
    },
  },
  // Of Mako, Terraform and Python, in small letters as nginx's own variables are.
  {
    mark: '${',
    pattern: /(?<!\$)\$\{[a-z_][a-z\d_]*\}/y,
    isUsual: true,
    judge: (match, line) => {
      const { directive, text, file } = line
      const name = match.slice(2, -1)
      if (OWN_VARIABLES.test(name) || file.variables().has(name)) return 'none'
      if ((NO_VARIABLES.test(directive) && isStatement(text)) || isAlone(match, line)) return 'proof'
      if (file.isNamed || text.startsWith('$') || PLAIN_VALUES.has(directive)) return 'perhaps'
      if (isStatement(text) && (isConfiguration(text) || /^return[ \t]+\d{3}\s/.test(text))) return 'perhaps'
      return isStatement(text) || OPENS_BLOCK.test(text) ? 'same' : 'none'
    },
  },
  // Of `envsubst`, where the file's name says so and nginx would take the word for what it is.
  {
    mark: '$',
    pattern: /(?<!\$)\$[a-z_]\w*/y,
    isOfNamed: true,
    judge: (match, { directive, text, file }) => {
      const name = match.slice(1)
      if (OWN_VARIABLES.test(name) || file.variables().has(name)) return 'none'
      if (!isStatement(text)) return 'none'
      if (NO_VARIABLES.test(directive)) return 'proof'
      return PLAIN_VALUES.has(directive) ? 'perhaps' : 'none'
    },
  },
  // Of `envsubst`, by the name of the directive itself: `fastcgi_read_timeout $fastcgi_read_timeout`.
  {
    mark: '$',
    pattern: /(?<=(?:^|[;{}])[ \t]*([a-z_]+)[ \t=][^\n;{}]{0,2000})(?<!\$)\$(?:\1|\{\1\})(?=\s*(?:;|$))/my,
    judge: (match, { directive, text, file }) => {
      const name = match.replace(/\W/g, '')
      if (name !== directive || file.variables().has(name)) return 'none'
      const isOfNginx = NO_VARIABLES.test(directive) && isStatement(text)
      return isOfNginx || text.trimEnd() === `${name} = ${match}` ? 'proof' : 'none'
    },
  },
]

/** True for a variable that has a line to itself where a directive would begin: it stands for whole lines. */
function isAlone(match: string, { before, text, start, file }: Line): boolean {
  if (before !== '' || text.trim() !== match || !standsForLines(file.text, start)) return false
  // `Define LINE "…"` of Apache, and what a macro is given.
  return ![match, match.replace(/^\$\{?|\}$/g, '')].some(name => file.names().has(name))
}

const OPENS_BLOCK = /^(?:if|location|map|geo|split_clients)\b.*\{/

/** What Apache reads, or may be thought to read, where it reads variables. */
const OF_APACHE =
  /^%\{(?:(?:HTTP|REQUEST|REMOTE|SERVER|SCRIPT|DOCUMENT|QUERY|PATH|AUTH|API|TIME|CONTEXT|CONN|SSL|HTTPS|IPV6|IS|THE|UNIQUE|GEOIP|MM|ENV|REDIRECT|MATCH|MELLON|OIDC|SHIB)(?:_\w*)?|CONTENT_TYPE|LAST_MODIFIED|HANDLER|FILENAME|PERL\w*|BASIC_\w+|\w*BALANCER\w*|X[_-]\w+)\}$/i

const OF_BLOCKS = /^(?:server|upstream)$/
const WITH_PATHS = /^(?:access_log|customlog|alias|scriptalias|return|rewrite|redirect\w*)$/

/** True for `<VirtualHost *:$PORT>`: without braces Apache fills in the arguments of macros alone, and has no such port. */
function isWantedByApache(match: string, { text, file }: Line): boolean {
  const name = match.slice(1)
  if (!/^\w+$/.test(name) || isStatement(text) || !/^<?[A-Z]/.test(text)) return false
  return isNumberIn(text, match) && !file.hasMacros() && !file.names().has(name)
}

const OF_PYTHON = /^__(?:pycache|init|main|tests?|pypackages)__$/

/** True for `__two_words__` where it is all of an argument. */
function isSeveralWords(match: string, line: string): boolean {
  if (!/[a-z\d]_[a-z\d]/.test(match)) return false
  const at = line.indexOf(match)
  return /(?:^|[ \t"'])$/.test(line.slice(0, at)) && /^(?:[ \t\r"';>]|$)/.test(line.slice(at + match.length))
}

const NAMED =
  /^[ \t]*(?:upstream|Define)[ \t]+([\w-]+)|^[ \t]*<Macro[ \t]([^>\n]*)|(?:zone|keys_zone)=([\w-]+)|\blocation[ \t]+(@[\w-]+)/gim

/** Names that the file itself gives: to servers, a location, a memory, a macro and its arguments. */
function namesOf(text: string): ReadonlySet<string> {
  const names = [...text.matchAll(NAMED)].flatMap(([, ...found]) =>
    found.flatMap(each => each?.split(/\s+/) ?? []),
  )
  return new Set(names)
}

/** Variables of nginx, by name or by what their names begin with. */
const OWN_VARIABLES =
  /^(?:args?_?\w*|cookie_\w+|http\d?_?\w*|sent_\w+|upstream_\w+|ssl_\w+|proxy_\w+|server_\w+|remote_\w+|request_?\w*|realip_\w+|geoip\w*|document_\w+|realpath_root|body_bytes_sent|bytes_\w+|binary_remote_addr|connections?_?\w*|content_\w+|date_\w+|fastcgi_\w+|gzip_ratio|host(?:name)?|https|invalid_referer|is_args|jwt_\w+|limit_\w+|memcached_key|modern_browser|msec|msie|ancient_browser|nginx_version|pid|pipe|protocol|query_string|scheme|secure_link\w*|session_\w+|slice_range|status|tcpinfo_\w+|time_\w+|uid_\w+|uri|spdy\w*|quic)$/

/**
 * Puts words of {@link placeholder} in the place of what somebody's program fills in. Null for a text that
 * has none.
 *
 * @param isNamed true where the file's name says that there are some
 */
export function maskPlaceholders(written: string, isNamed: boolean): string | null {
  const text = maskMarkedWords(written)
  let masked = text
  const file: File = {
    text,
    isNamed,
    variables: once(() => variablesOf(text)),
    names: once(() => namesOf(text)),
    hasMacros: once(() => /<Macro\s/i.test(text)),
    doublesDollars: once(() => /\$\$[a-z_][^$]*\$\$[a-z_]/.test(text) && !/(?<!\$)\$[a-z_]/.test(text)),
  }
  for (const style of STYLES) {
    const { mark, pattern, isUsual } = style
    if (style.isOfNamed === true && !isNamed) continue
    let matches: Match[] | null = null
    let isMeant = isNamed && isUsual === true
    for (let at = text.indexOf(mark); at !== -1; at = text.indexOf(mark, at + 1)) {
      if (mark === '<' && isLineStart(text, at)) continue
      pattern.lastIndex = at
      const match = pattern.exec(text)?.[0]
      if (match === undefined) continue
      const line = lineAt(file, at)
      const verdict = line === null ? 'none' : style.judge(match, line)
      if (verdict !== 'none') {
        if (verdict === 'proof') isMeant = true
        matches ??= []
        matches.push({ index: at, match, verdict })
      }
      at += match.length - 1
    }
    if (isMeant && matches !== null) masked = replaceAll(masked, withoutOthers(matches))
  }
  masked = maskWords(masked)
  return masked === written ? null : masked
}

interface Match {
  readonly index: number
  readonly match: string
  readonly verdict: Verdict
}

/** Without those that are masked only where the same one is proof elsewhere, and it is not. */
function withoutOthers(matches: readonly Match[]): readonly Match[] {
  if (!matches.some(({ verdict }) => verdict === 'same')) return matches
  const proven = new Set(matches.flatMap(({ match, verdict }) => (verdict === 'proof' ? [match] : [])))
  return matches.filter(({ match, verdict }) => verdict !== 'same' || proven.has(match))
}

/** True where a section of Apache begins. */
function isLineStart(text: string, at: number): boolean {
  let before = at - 1
  while (text[before] === ' ' || text[before] === '\t') before--
  return before < 0 || text[before] === '\n'
}

/** No line of a configuration is longer, and no file of one line takes its length squared. */
const LONGEST_LINE = 2000

/** A comment of nginx that begins behind what the line says. */
const BEHIND_STATEMENT = /[;{}][ \t]*#/

/** Null in a comment. */
function lineAt(file: File, index: number): Line | null {
  const { text } = file
  let start = lineStart(text, index, LONGEST_LINE)
  while (start < index && (text[start] === ' ' || text[start] === '\t')) start++
  if (text[start] === '#' || text[start] === ';') return null
  const reach = text.slice(start, start + LONGEST_LINE)
  const end = reach.indexOf('\n', index - start)
  const line = end === -1 ? reach : reach.slice(0, end)
  if (BEHIND_STATEMENT.test(line.slice(0, index - start))) return null
  const statement = statementAround(line, index - start)
  const directive = /^<?([A-Za-z_]*)/.exec(statement)?.[1] ?? ''
  return {
    text: statement,
    before: line.slice(0, index - start),
    directive: directive.toLowerCase(),
    start,
    file,
  }
}

/** `listen __PORT__;` of `server { listen __PORT__; root /srv; }`; the whole line where nginx would see one statement. */
function statementAround(line: string, offset: number): string {
  if (!/^[a-z}]/.test(line) || !/[;{}]\s/.test(line)) return line
  let start = 0
  let quote = ''
  for (let at = 0; at < line.length; at++) {
    const char = line[at]!
    if (quote !== '') {
      if (char === quote) quote = ''
    } else if (char === '"' || char === "'") quote = char
    else if (/[;{}]/.test(char) && /\s|^$/.test(line[at + 1] ?? '')) {
      // Behind the end of a placeholder's braces the statement goes on.
      if (char === '}' && !/[;{}\s]/.test(line[at - 1] ?? ';')) continue
      if (at >= offset) return line.slice(start, at + 1)
      start = at + 1
      while (line[start] === ' ' || line[start] === '\t') start++
    }
  }
  return line.slice(start)
}

const DEFINED =
  /^[ \t]*map[ \t]+\S+[ \t]+\$(\w+)|(?:^|[;{}])[ \t]*(?:set|map|geo|split_clients|\w+_set)\s[^;{#]{0,400}?\$\{?(\w+)|\(\?P?<(\w+)>/gm

function variablesOf(text: string): ReadonlySet<string> {
  const names = new Set<string>()
  for (const [, ...found] of text.matchAll(DEFINED))
    for (const name of found) if (name !== undefined) names.add(name.toLowerCase())
  return names
}

function replaceAll(text: string, matches: readonly Match[]): string {
  let masked = ''
  let at = 0
  for (const { index, match } of matches) {
    masked += text.slice(at, index) + wordFor(match)
    at = index + match.length
  }
  return masked + text.slice(at)
}

function wordFor(match: string): string {
  return match.length < 2 ? UNKNOWN : placeholder(match)
}

/** Lines with an address, and lines with a name, and what stands in them. */
const ADDRESS_LINE =
  /(?:^|[;{])[ \t]*<?(?:(?:listen|virtualhost|namevirtualhost|server|(?:proxy|fastcgi|uwsgi|scgi|grpc)_pass)[ \t]+|proxypass(?:reverse)?[ \t]+\S+[ \t]+)(?:https?:\/\/)?([^\s;>#{]+)/gim
const NAME_LINE = /(?:^|[;{])[ \t]*(?:server_name|servername|serveralias|user|group)[ \t]+([^\n;#~]*)/gim
/** Lines with a path or a name in which a word such as `USERNAME` is to be filled in. */
const PATH_LINE =
  /(?:^|[;{])[ \t]*<?(?:root|alias|server_name|documentroot|directory|servername|serveralias|ssl_certificate(?:_key)?|sslcertificate\w*|(?:script)?alias|wsgiscriptalias|user|group)[ \t]+([^\n;#~]*)/gim
const BARE = /USERNAME|DOMAIN|SITENAME|HOSTNAME|SERVERNAME|PROJECTNAME|APPNAME/
const BARE_WORDS =
  /(?<![\w$%{@.-])(?:YOUR|MY)?(?:USERNAME|DOMAIN(?:NAME)?|SITENAME|HOSTNAME|SERVERNAME|PROJECTNAME|APPNAME)(?!\w)/g
const CAPITALS = /(?<![\w$%{@.-])[A-Z][A-Z\d]*(?:_[A-Z\d]+)+\b(?![.\w])/g
/** Names that nothing is called by, and what stands for it is. */
const STANDS_FOR =
  /DOMAIN|HOST|NAME|SERVER|PORT|ADDR|IP|URL|USER|GROUP|PATH|ROOT|FQDN|YOUR|CHANGE|REPLACE|^PH_/
/** A backend that is one such word: nginx takes none without a scheme, and names of its own it writes as it likes. */
const WHOLE_PASS = /^[ \t]*(?:proxy|fastcgi|uwsgi|scgi|grpc)_pass[ \t]+([A-Z][A-Z\d]*(?:_[A-Z\d]+)+)[ \t]*;/gm
/** Lines with a URL that a client is sent to, and the port in it. */
const URL_PORT =
  /^[ \t]*(?:return|rewrite|redirect\w*)\b[^\n#]*?:\/\/[^\s:/;]+:([A-Z][A-Z\d]*(?:_[A-Z\d]+)+)\b/gim
const HOST_WORD = /^[A-Za-z_]*(?:IP|ip|host|HOST|Host|addr|ADDR|Addr|domain|DOMAIN|Domain)[A-Za-z_]*$/

/** Lines with a time, a size or a number. */
const NUMBER_LINE =
  /(?:^|[;{])[ \t]*(?:\w+_(?:timeout|size|buffers|requests|time|rate|tries)|expires|keepalive|worker_(?:processes|connections|rlimit_nofile)|(?:keepalive|proxy)?timeout|limitrequest\w+|max(?:requestworkers|keepaliverequests|connectionsperchild)|threadsperchild|startservers|serverlimit)[ \t]+([^\n#]*)/gim
/** Options of mod_wsgi that are numbers: `processes=APP_WORKERS`. */
const NUMBER_OPTION =
  /(?<=[ \t])(?:processes|threads|umask|[a-z-]+-(?:timeout|requests|backlog|interval))=([A-Z][A-Z\d]*(?:_[A-Z\d]+)+)\b/g
/** A word in capitals or that ends in some, `APP_TIMEOUT` and `timeoutSECONDS`, with a unit behind it or not. */
const CAPITAL_NUMBER =
  /(?<![\w$%{@.-])([A-Z][A-Z\d]*(?:[_-][A-Z\d]+)+|[a-z]+[A-Z]{4,}|CHANGEME|TODO|FIXME|TBD|X{2,}|x{3,})(?=(?:ms|[smhdwyMkKgG])?[ \t\r]*(?:;|$))/g
/** Capitals right before a unit, `MAXSIZEm` and `maxMBs`: no word of English ends so, and no number. */
const CAPITALS_WITH_UNIT =
  /(?<![\w$%{@.-])([A-Za-z]*[A-Z]{2,}|[A-Z]+__|__[A-Z]+)(?=(?:ms|[smhdwykg])[ \t\r]*(?:;|$))/g
/** A word between marks, `--SIZE--M` and `[time]s`, which no number has: the marks are those of the file. */
const BETWEEN_MARKS =
  /(?<=^|[ \t])(\$?[^\w\s;{}"'#$\\/.\uE000-\uF8FF][^\w\s;{}"'\\/.\uE000-\uF8FF]{0,2})([A-Za-z][A-Za-z_]*)([^\w\s;{}"'\\.\uE000-\uF8FF]{1,3})(?=(?:ms|[smhdwyMkKgG])?[ \t\r]*(?:;|$))/g

/** A value of a number that ends in no digit: few files have any. */
const NO_NUMBER = /(?:[A-Z]{2}|X|xxx|__|[^\w\s;{}"'.,/\\*+?$])(?:ms|[smhdwyMkKgG])?[ \t\r]*(?:;|$)/m

/** A word in capitals that has a line to itself. */
const LONE_WORD = /^[ \t]*[A-Z][A-Z\d]*(?:_[A-Z\d]+)+[ \t]*\r?$/gm

/** True where a directive would begin: behind another one's end, and on any line of its own in a file of sections. */
function standsForLines(text: string, index: number): boolean {
  // A here-document ends in such a word.
  if (text.includes('<<')) return false
  let end = index
  let line = ''
  while (end > 0 && line === '') {
    const start = end === 1 ? 0 : text.lastIndexOf('\n', end - 2) + 1
    line = text
      .slice(start, end)
      .trim()
      .replace(/^#.*|^\$(?:\w+|\{\w+\})$/, '')
    end = start
  }
  if (/[;{}]$/.test(line)) return true
  return !line.endsWith('\\') && /^[ \t]*<\/?[A-Z]\w+/m.test(text)
}

/**
 * Plain words where they cannot be meant: a port that is no number (`directIP:directPORT`), a name in capitals
 * (`PH_HTTPS_PORT`, `YOUR_DOMAIN`), for which all that begin like it count.
 */
function maskWords(text: string): string {
  const patterns = new Set<string>()
  if (hasPortWord(text)) {
    for (const [, address = ''] of text.matchAll(ADDRESS_LINE)) {
      const [, host = '', port = ''] =
        /^(?:([A-Za-z_][\w-]*|\[[^\]]*\]|\d+(?:\.\d+){3}|\*):)?(\w+(?:-\w+)*)(?:\/.*)?$/.exec(address) ?? []
      if (/^\d/.test(port) || !(host === '' ? /^[A-Z_]*PORT[A-Z_]*$/ : /port/i).test(port)) continue
      patterns.add(`(?<!\\w)${port}\\b`)
      if (HOST_WORD.test(host) && host !== 'localhost') patterns.add(`(?<!\\w)${host}\\b`)
    }
  }
  if (BARE.test(text))
    for (const [, value = ''] of text.matchAll(PATH_LINE))
      for (const [word] of value.matchAll(BARE_WORDS)) patterns.add(`(?<![\\w$%{@.-])${word}(?![\\w])`)
  if (hasCapitals(text)) {
    for (const { 0: line, index } of [...text.matchAll(LONE_WORD)].slice(0, MOST_WORDS))
      if (standsForLines(text, index))
        patterns.add(`(?<=(?:^|\\n)[ \\t]*)${line.trim()}(?=[ \\t\\r]*(?:\\n|$))`)
    for (const line of [ADDRESS_LINE, NAME_LINE])
      for (const [, value = ''] of text.matchAll(line))
        for (const [word] of value.matchAll(CAPITALS))
          if (STANDS_FOR.test(word))
            patterns.add(`(?<![\\w$%{@])${word.slice(0, word.indexOf('_'))}_[A-Z\\d_]+\\b`)
    for (const word of wholeWords(text)) patterns.add(`(?<![\\w$%{@])${word}\\b`)
  }
  if (NO_NUMBER.test(text))
    for (const [, value = ''] of text.matchAll(NUMBER_LINE)) {
      for (const pattern of [CAPITAL_NUMBER, CAPITALS_WITH_UNIT])
        for (const [, word = ''] of value.matchAll(pattern))
          patterns.add(`(?<![\\w$%{@])${word}(?=(?:ms|[smhdwyMkKgG])?(?!\\w))`)
      for (const [, before = '', word = '', behind = ''] of value.matchAll(BETWEEN_MARKS))
        patterns.add(patternBetween(before, word, behind))
    }
  if (patterns.size === 0) return text
  return text.replace(new RegExp([...patterns].slice(0, MOST_WORDS).join('|'), 'gm'), wordFor)
}

/** All such words between the same marks, but where a line has a pattern. */
function patternBetween(before: string, word: string, behind: string): string {
  const words = /[a-z]/.test(word) ? '[A-Za-z]\\w*' : '[A-Z][A-Z\\d_]*'
  const start = escapePattern(before)
  return `${start}(?<=^[^\\n~#]{0,${LONGEST_LINE}}${start})${words}${escapePattern(behind)}`
}

/** Words in capitals that are all of a value which takes none, each for itself. */
function wholeWords(text: string): readonly string[] {
  const found = (pattern: RegExp): readonly string[] =>
    [...text.matchAll(pattern)].map(([, word = '']) => word)
  return [
    ...found(WHOLE_PASS).filter(word => !new RegExp(`\\bupstream[ \\t]+${word}\\b`).test(text)),
    ...found(URL_PORT).filter(word => word.includes('PORT')),
    ...(text.includes('WSGIDaemonProcess') ? found(NUMBER_OPTION) : []),
  ]
}

const MOST_WORDS = 50

const PORT_WORD = /:[A-Za-z_]*port/iy

function hasPortWord(text: string): boolean {
  if (text.includes('PORT')) return true
  for (let at = text.indexOf(':'); at !== -1; at = text.indexOf(':', at + 1)) {
    PORT_WORD.lastIndex = at
    if (PORT_WORD.test(text)) return true
  }
  return false
}

/** True where an underscore stands between two capitals. */
function hasCapitals(text: string): boolean {
  for (let at = text.indexOf('_'); at !== -1; at = text.indexOf('_', at + 1))
    if (isCapital(text.charCodeAt(at - 1)) && isCapital(text.charCodeAt(at + 1))) return true
  return false
}

function isCapital(code: number): boolean {
  return code >= 65 && code <= 90
}

const OPENED = /\S[ \t]*\{\{[ \t]*\r?$/m
const CLOSED = /^[ \t]*\}\}[ \t]*\r?$/m
/** A value of an engine between the same braces. */
const PRINTED = /\{\{-?\s*[A-Za-z_.$][\w.$|'"()[\], ]+\s*-?\}\}/

/**
 * The text that Python's `format` makes of one in which `{{` and `}}` are the braces, of the same length; null
 * for any other.
 */
export function withoutDoubleBraces(text: string): string | null {
  if (!text.includes('{{') || !OPENED.test(text) || !CLOSED.test(text)) return null
  if (text.includes('{%') || PRINTED.test(text)) return null
  return text.replace(/\{\{|\}\}/g, braces => (braces === '{{' ? '{ ' : ' }'))
}
