import {
  FREE_TEXT,
  NO_VARIABLES,
  PLAIN_VALUES,
  fenced,
  isConfiguration,
  isNumber,
  isPlainValue,
  isStatement,
  ofConfiguration,
  opensNoBlock,
  type Line,
  type Style,
  type Verdict,
} from './placeholder-style.ts'
import { standsForLines } from './stands-for-lines.ts'
import { beginsPathIn, isNumberIn } from './wanted-values.ts'

const MARKUP = new Set(
  'a b body br center code div em font footer form h1 h2 h3 h4 head header hr html i iframe img input li link main meta noscript ol p pre script section small span strong style svg table td th title tr tt u ul'.split(
    ' ',
  ),
)

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

/** True for the first thing in a pattern that is compared with a path, which begins with a slash. */
function beginsPatternOfPath(match: string, { text, directive }: Line): boolean {
  return /^(?:location|rewrite)$/.test(directive) && text.includes(` ^${match}`)
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

/** Every style, each on its own. */
export const STYLES: readonly Style[] = [
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
      if (/[A-Z]/.test(match))
        return isWholePattern(match, line.text) || beginsPatternOfPath(match, line)
          ? 'proof'
          : fenced(match, line)
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
    pattern: /(?<![?<(\\P])<[A-Za-z](?:[\w.:-]|(?<=\w)['’](?=\w))*(?: (?:[\w.:-]|(?<=\w)['’](?=\w))+)*>/y,
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

/** Variables of nginx, by name or by what their names begin with. */
const OWN_VARIABLES =
  /^(?:args?_?\w*|cookie_\w+|http\d?_?\w*|sent_\w+|upstream_\w+|ssl_\w+|proxy_\w+|server_\w+|remote_\w+|request_?\w*|realip_\w+|geoip\w*|document_\w+|realpath_root|body_bytes_sent|bytes_\w+|binary_remote_addr|connections?_?\w*|content_\w+|date_\w+|fastcgi_\w+|gzip_ratio|host(?:name)?|https|invalid_referer|is_args|jwt_\w+|limit_\w+|memcached_key|modern_browser|msec|msie|ancient_browser|nginx_version|pid|pipe|protocol|query_string|scheme|secure_link\w*|session_\w+|slice_range|status|tcpinfo_\w+|time_\w+|uid_\w+|uri|spdy\w*|quic)$/
