import { ownTable } from '../../../../parsers/text/own-table.ts'
import { type Check, type Fault, invalid, isInside, argument } from './check.ts'
import { expressionFault } from './expression.ts'
import { regexFault } from './regex.ts'

/** A check that one argument compiles as a regular expression. */
export function regexArgument(index: number): Check {
  return (directive, _scope, { pcre }) => {
    const fault = regexFault(argument(directive, index), pcre)
    if (fault === null) return null
    return {
      code: 'invalid-regex',
      message: `the pattern of \`${directive.name}\` does not compile: ${fault}`,
      word: directive.args[index],
    }
  }
}

/** `Alias` and `ScriptAlias`: two words in a server's scope, one in `<Location>`. */
export const checkAlias: Check = (directive, scope, walk) => {
  const two = directive.args.length > 1 && argument(directive, 1) !== ''
  if (scope.path === null) {
    if (two || walk.unit.fragments) return null
    return {
      code: 'wrong-argument-count',
      message: `\`${directive.name}\` takes a URL path and a file path outside of \`<Location>\``,
      word: directive.args[0],
    }
  }
  if (two) {
    return {
      code: 'not-allowed-here',
      message: `\`${directive.name}\` with two arguments stands in a section`,
      word: directive.args[1],
    }
  }
  for (const context of ['directory', 'files', 'if'] as const) {
    if (isInside(scope, context)) {
      return {
        code: 'not-allowed-here',
        message: `\`${directive.name}\` stands in a section that is no \`<Location>\``,
      }
    }
  }
  const fault = expressionFault(argument(directive, 0), 'string', walk.names)
  if (fault === null) return null
  return {
    code: 'invalid-expression',
    message: `the path is no expression: ${fault}`,
    word: directive.args[0],
  }
}

const STATUS_WORDS: Readonly<Record<string, number>> = ownTable({
  permanent: 301,
  temp: 302,
  seeother: 303,
  gone: 410,
})

/** `Redirect` and `RedirectMatch`: an optional status, what is redirected, and the target. */
export function redirectCheck(match: boolean): Check {
  return (directive, scope, walk) => {
    const { args } = directive
    const first = argument(directive, 0)
    let status =
      STATUS_WORDS[first.toLowerCase()] ?? (/^[0-9]/.test(first) ? Number.parseInt(first, 10) : null)
    const hasStatus = status !== null
    if (!hasStatus && args.length > 2) return invalid(`\`${first}\` is no status`, args[0])
    status ??= 302
    const from = args[hasStatus ? 1 : 0]
    const to = args[hasStatus ? 2 : 1]
    if (match) {
      const fault = regexFault(from?.value ?? '', walk.pcre)
      if (fault !== null) {
        return {
          code: 'invalid-regex',
          message: `the pattern of \`${directive.name}\` does not compile: ${fault}`,
          word: from,
        }
      }
    }
    const isRedirect = status >= 300 && status <= 399
    if (!match && scope.path !== null && to === undefined && from !== undefined) {
      // In a section one word is the target, which may be an expression.
      const fault = expressionFault(from.value, 'string', walk.names)
      if (fault === null) return null
      return { code: 'invalid-expression', message: `the target is no expression: ${fault}`, word: from }
    }
    if (!isRedirect) {
      return to === undefined
        ? null
        : invalid(`status ${status} redirects nowhere, so it takes no target`, to)
    }
    if (to === undefined) {
      if (walk.unit.fragments) return null
      return {
        code: 'wrong-argument-count',
        message: `\`${directive.name}\` has no target`,
        word: from ?? args[0],
      }
    }
    return match ? null : targetFault(to)
  }
}

function targetFault(word: {
  readonly start: number
  readonly end: number
  readonly value: string
}): Fault | null {
  if (word.value.startsWith('/') || isUrl(word.value)) return null
  return invalid(`\`${word.value}\` is neither a URL nor a path that begins with a slash`, word)
}

/** A scheme and a colon are all that httpd asks of a URL. */
export function isUrl(text: string): boolean {
  return /^[A-Za-z0-9+.-]+:/.test(text)
}

/** `RedirectPermanent` and `RedirectTemp`. */
export const checkRedirectTarget: Check = directive => {
  const target = directive.args[1]
  const first = argument(directive, 0)
  if (/^[0-9]/.test(first)) {
    // A number in the first place is a status, as in `Redirect`, and what follows it is no target.
    const status = Number.parseInt(first, 10)
    return status < 300 || status > 399
      ? null
      : invalid(`\`${first}\` is taken for a status, so there is no target`, directive.args[0])
  }
  return target === undefined ? null : targetFault(target)
}
