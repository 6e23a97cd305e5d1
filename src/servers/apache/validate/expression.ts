import type { PcreReleases } from '../../pcre/releases.ts'
import { regexFault } from './regex.ts'
import { parseApacheNetwork } from '../../addresses/apache.ts'

/** What names an expression may use beyond those of httpd's core. */
export interface ExpressionNames {
  /** True where mod_ssl is loaded or may be: `SSL_…` variables and `PeerExtList`. */
  readonly ssl: boolean
  /** True where a module outside the table may bring variables and functions of its own. */
  readonly open: boolean
  /** What compiles its patterns. */
  readonly pcre: PcreReleases
}

/**
 * What httpd's `ap_expr` parser refuses in a boolean expression, or in the text of a string expression
 * (`%{…}` and `$1` inside plain text); null where it accepts the text.
 *
 * The grammar is that of docs/expr.html as httpd 2.4.71 was seen to read it: `%{HTTPS}` alone is no
 * condition, strings need quotes, and after `=~` only a regular expression may stand.
 */
export function expressionFault(
  text: string,
  kind: 'boolean' | 'string',
  names: ExpressionNames,
): string | null {
  const parser = new Parser(text, names)
  try {
    if (kind === 'boolean') parser.root()
    else parser.stringText('')
    return null
  } catch (error) {
    if (error instanceof Refusal) return error.message
    if (error instanceof TooDeep) return null
    throw error
  }
}

class Refusal extends Error {}

/** Nested deeper than anybody writes: httpd's own parser gives up somewhere too, and where is not known. */
class TooDeep extends Error {}

const DEEPEST = 500

const VARIABLES = new Set(
  (
    'api_version auth_type conn_log_id conn_remote_addr content_type context_document_root context_prefix ' +
    'document_root document_uri handler http2 https http_accept http_cookie http_forwarded http_host ' +
    'http_proxy_connection http_referer http_user_agent ipv6 is_subreq last_modified path_info query_string ' +
    'remote_addr remote_host remote_ident remote_port remote_user request_filename request_log_id ' +
    'request_method request_scheme request_status request_uri script_filename script_group script_user ' +
    'server_admin server_name server_port server_protocol server_software the_request time time_day ' +
    'time_hour time_min time_mon time_sec time_wday time_year'
  ).split(' '),
)
const FUNCTIONS = new Set(
  (
    'req http req_novary resp reqenv osenv note env tolower toupper escape unescape base64 unbase64 md5 sha1 ' +
    'ldap file filesize'
  ).split(' '),
)
const UNARY = 'defhnsxzAFLRTU'
const BINARY = new Set(['ipmatch', 'strmatch', 'strcmatch', 'fnmatch'])
const COMPARISONS = new Set(['eq', 'ne', 'lt', 'le', 'gt', 'ge'])
const REGEX_DELIMITERS = '/#$%^,;:_!\'"|?.-'

type Token =
  | { readonly kind: 'end' | 'string' | 'word-var' | 'backref' | 'digits' | 'compare' | 'match' | 'in' }
  | { readonly kind: 'and' | 'or' | 'not' | 'true' | 'false' }
  | { readonly kind: 'symbol'; readonly value: string }
  | { readonly kind: 'id' | 'unary' | 'binary'; readonly value: string }

const END: Token = { kind: 'end' }

/** Recursive descent over one text; the position is the only state. */
class Parser {
  readonly #text: string
  readonly #names: ExpressionNames
  #at = 0
  #token: Token = END
  #depth = 0
  /** The text of the last word where it is one constant string, as `-R` and `-ipmatch` ask for. */
  #constant: string | null = null

  constructor(text: string, names: ExpressionNames) {
    this.#text = text
    this.#names = names
  }

  root(): void {
    this.#next()
    this.#or()
    if (this.#token.kind !== 'end') this.#refuse()
  }

  #or(): void {
    this.#and()
    while (this.#token.kind === 'or') {
      this.#next()
      this.#and()
    }
  }

  #and(): void {
    this.#not()
    while (this.#token.kind === 'and') {
      this.#next()
      this.#not()
    }
  }

  #not(): void {
    while (this.#token.kind === 'not') this.#next()
    const token = this.#token
    if (token.kind === 'true' || token.kind === 'false') {
      this.#next()
      return
    }
    if (token.kind === 'symbol' && token.value === '(') {
      if (++this.#depth > DEEPEST) throw new TooDeep()
      this.#next()
      this.#or()
      this.#expect(')')
      this.#depth--
      return
    }
    if (token.kind === 'unary') {
      this.#unary(token.value)
      return
    }
    this.#word()
    this.#comparison()
  }

  #unary(letter: string): void {
    if (!UNARY.includes(letter) && !this.#names.open) {
      throw new Refusal(`there is no operator \`-${letter}\``)
    }
    this.#next()
    this.#word()
    if (letter === 'R') this.#subnet('-R')
  }

  #comparison(): void {
    const token = this.#token
    if (token.kind === 'compare') {
      this.#next()
      this.#word()
      return
    }
    if (token.kind === 'match') {
      this.#regex()
      return
    }
    if (token.kind === 'in') {
      this.#next()
      this.#list()
      return
    }
    if (token.kind === 'binary') {
      if (!BINARY.has(token.value) && !this.#names.open) {
        throw new Refusal(`there is no operator \`-${token.value}\``)
      }
      this.#next()
      this.#word()
      if (token.value === 'ipmatch') this.#subnet('-ipmatch')
      return
    }
    this.#refuse()
  }

  #subnet(operator: string): void {
    if (this.#constant === null) throw new Refusal(`\`${operator}\` needs a constant address or network`)
    if (parseApacheNetwork(this.#constant) === null) {
      throw new Refusal(`\`${this.#constant}\` is no address or network for \`${operator}\``)
    }
  }

  #list(): void {
    const token = this.#token
    if (token.kind === 'id') {
      if (!(this.#names.ssl && token.value.toLowerCase() === 'peerextlist') && !this.#names.open) {
        throw new Refusal(`there is no function \`${token.value}\` that gives a list`)
      }
      this.#next()
      this.#expect('(')
      this.#word()
      this.#expect(')')
      return
    }
    this.#expect('{')
    this.#word()
    while (this.#isSymbol(',')) {
      this.#next()
      this.#word()
    }
    this.#expect('}')
  }

  #word(): void {
    this.#part()
    while (this.#isSymbol('.')) {
      this.#next()
      this.#part()
      this.#constant = null
    }
  }

  #part(): void {
    const token = this.#token
    if (token.kind === 'string' || token.kind === 'digits') {
      this.#next()
      return
    }
    this.#constant = null
    if (token.kind === 'word-var' || token.kind === 'backref') {
      this.#next()
      this.#constant = null
      return
    }
    if (token.kind === 'id') {
      this.#next()
      if (!this.#isSymbol('(')) this.#refuse()
      this.#function(token.value)
      if (++this.#depth > DEEPEST) throw new TooDeep()
      this.#next()
      this.#word()
      this.#expect(')')
      this.#depth--
      this.#constant = null
      return
    }
    this.#refuse()
  }

  #function(name: string): void {
    if (FUNCTIONS.has(name.toLowerCase()) || this.#names.open) return
    throw new Refusal(`there is no function \`${name}\``)
  }

  #isSymbol(value: string): boolean {
    return this.#token.kind === 'symbol' && this.#token.value === value
  }

  #expect(value: string): void {
    if (!this.#isSymbol(value)) this.#refuse(`\`${value}\` is missing`)
    this.#next()
  }

  #refuse(what?: string): never {
    if (this.#token.kind === 'end') {
      throw new Refusal(what ?? 'the expression ends where a comparison or a value has to follow')
    }
    throw new Refusal(what ?? `the expression makes no sense before \`${this.#text.slice(this.#at)}\``)
  }

  /** Reads the next token; strings, variables and regular expressions are read whole. */
  #next(): void {
    const text = this.#text
    while (/\s/.test(text[this.#at] ?? '')) this.#at++
    const char = text[this.#at]
    if (char === undefined) {
      this.#token = END
      return
    }
    if (char === '"' || char === "'") {
      this.#at++
      this.#constant = this.stringText(char)
      this.#token = { kind: 'string' }
      return
    }
    if (char === '%' && text[this.#at + 1] === '{') {
      this.#at += 2
      this.#variable()
      this.#token = { kind: 'word-var' }
      return
    }
    this.#token = this.#plainToken(char)
  }

  #plainToken(char: string): Token {
    const text = this.#text
    const rest = text.slice(this.#at, this.#at + 2)
    if (rest === '&&') return this.#take(2, { kind: 'and' })
    if (rest === '||') return this.#take(2, { kind: 'or' })
    if (rest === '=~' || rest === '!~') return this.#take(2, { kind: 'match' })
    if (rest === '==' || rest === '!=' || rest === '<=' || rest === '>=') {
      return this.#take(2, { kind: 'compare' })
    }
    if (char === '=' || char === '<' || char === '>') return this.#take(1, { kind: 'compare' })
    if (char === '!') return this.#take(1, { kind: 'not' })
    if ('(){},:'.includes(char)) return this.#take(1, { kind: 'symbol', value: char })
    const number = /^[-.]*[0-9][-.0-9]*/.exec(text.slice(this.#at, this.#at + 64))
    if (number !== null) {
      this.#constant = number[0]
      return this.#take(number[0].length, { kind: 'digits' })
    }
    if (char === '.') return this.#take(1, { kind: 'symbol', value: '.' })
    if (char === '$' && /[0-9]/.test(text[this.#at + 1] ?? '')) return this.#take(2, { kind: 'backref' })
    const operator = /^-([A-Za-z_][A-Za-z0-9_]*)/.exec(text.slice(this.#at, this.#at + 64))?.[1]
    if (operator !== undefined) return this.#take(operator.length + 1, namedOperator(operator))
    const id = /^[A-Za-z][A-Za-z0-9_]*/.exec(text.slice(this.#at, this.#at + 256))?.[0]
    if (id !== undefined) return this.#take(id.length, namedToken(id))
    throw new Refusal(`\`${char}\` has no meaning here`)
  }

  #take(length: number, token: Token): Token {
    this.#at += length
    return token
  }

  /**
   * Reads text up to the closing quote (or the end, where `quote` is empty), with what is in it.
   * Returns the text where it is constant.
   */
  stringText(quote: string): string | null {
    const text = this.#text
    let constant: string | null = ''
    for (;;) {
      const char = text[this.#at]
      if (char === undefined) {
        if (quote === '') return constant
        throw new Refusal(`a string has no closing \`${quote}\``)
      }
      this.#at++
      if (char === quote) return constant
      if (char === '\\' && text[this.#at] !== undefined) {
        if (constant !== null) constant += text[this.#at]
        this.#at++
      } else if (char === '%' && text[this.#at] === '{') {
        this.#at++
        this.#variable()
        constant = null
      } else if (char === '$' && /[0-9]/.test(text[this.#at] ?? '')) {
        constant = null
      } else if (constant !== null) constant += char
    }
  }

  /** Reads `NAME}` or `function:argument}`, after the `%{`. */
  #variable(): void {
    const name = /^[A-Za-z][A-Za-z0-9_]*/.exec(this.#text.slice(this.#at, this.#at + 256))?.[0]
    if (name === undefined) throw new Refusal('`%{` is not followed by a name')
    this.#at += name.length
    const next = this.#text[this.#at++]
    if (next === '}') {
      const lower = name.toLowerCase()
      const known = VARIABLES.has(lower) || (this.#names.ssl && lower.startsWith('ssl_'))
      if (!known && !this.#names.open) throw new Refusal(`there is no variable \`${name}\``)
      return
    }
    if (next !== ':') throw new Refusal(`\`%{${name}\` has no closing \`}\``)
    this.#function(name)
    const start = this.#at
    if (++this.#depth > DEEPEST) throw new TooDeep()
    this.stringText('}')
    this.#depth--
    if (this.#at === start + 1) throw new Refusal(`\`%{${name}:}\` names nothing`)
  }

  #regex(): void {
    const text = this.#text
    while (/\s/.test(text[this.#at] ?? '')) this.#at++
    let delimiter = text[this.#at]
    if (delimiter === 'm') delimiter = text[++this.#at]
    else if (delimiter !== '/') delimiter = undefined
    if (delimiter === undefined || !REGEX_DELIMITERS.includes(delimiter)) {
      throw new Refusal('after `=~` or `!~` stands no regular expression such as `/^a/` or `m#^/a#`')
    }
    const end = text.indexOf(delimiter, this.#at + 1)
    if (end === -1) throw new Refusal(`a regular expression has no closing \`${delimiter}\``)
    const fault = regexFault(text.slice(this.#at + 1, end), this.#names.pcre)
    if (fault !== null) throw new Refusal(`a regular expression does not compile: ${fault}`)
    this.#at = end + 1
    if (text[this.#at] === 'i') this.#at++
    this.#next()
  }
}

function namedOperator(name: string): Token {
  if (COMPARISONS.has(name)) return { kind: 'compare' }
  if (name === 'in') return { kind: 'in' }
  return name.length === 1 ? { kind: 'unary', value: name } : { kind: 'binary', value: name }
}

function namedToken(id: string): Token {
  switch (id) {
    case 'true':
      return { kind: 'true' }
    case 'false':
      return { kind: 'false' }
    case 'and':
      return { kind: 'and' }
    case 'or':
      return { kind: 'or' }
    case 'not':
      return { kind: 'not' }
    case 'in':
      return { kind: 'in' }
    default:
      return COMPARISONS.has(id) ? { kind: 'compare' } : { kind: 'id', value: id }
  }
}
