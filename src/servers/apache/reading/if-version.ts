import { APACHE_OPTIONS } from '../../pcre/read-pattern.ts'
import { compilePcre } from '../../regex.ts'
import { compareVersions } from '../../version.ts'

/** True or false, undefined where nobody can say, or what mod_version refuses. */
export type VersionVerdict =
  | { readonly holds: boolean | undefined }
  | {
      readonly code: 'read-arguments' | 'conditional-malformed' | 'version-malformed'
      readonly message: string
    }

const INVALID: VersionVerdict = {
  code: 'version-malformed',
  message: 'the version is not `major[.minor[.patch]]`',
}

/**
 * What `<IfVersion>` makes of its words, of which the last carries the section's `>`: an operator and a
 * version, or a version alone, which then has to be the server's own to the last part.
 */
export function evaluateVersion(words: readonly string[], version: string): VersionVerdict {
  if (words.length < 1 || words.length > 3) {
    return {
      code: 'read-arguments',
      message: '`<IfVersion>` takes an operator and a version',
    }
  }
  let operator = words[0] ?? ''
  let operand = words[1] ?? ''
  if (words.length === 1) {
    if (!operator.endsWith('>')) return unclosed()
    operator = operator.slice(0, -1)
  } else if (operand.endsWith('>')) operand = operand.slice(0, -1)
  else if (words[2] !== '>') return unclosed()
  if (operand === '') {
    operand = operator
    operator = '='
  }
  const negated = operator.length > 1 && operator.startsWith('!')
  const plain = negated ? operator.slice(1) : operator
  const verdict = compare(plain, operand, version)
  if (verdict === null) {
    return { code: 'conditional-malformed', message: `\`${operator}\` is no operator of \`<IfVersion>\`` }
  }
  if (!('holds' in verdict)) return verdict
  return { holds: verdict.holds === undefined ? undefined : verdict.holds !== negated }
}

function unclosed(): VersionVerdict {
  return { code: 'conditional-malformed', message: '`<IfVersion>` has no closing `>`' }
}

function compare(operator: string, operand: string, version: string): VersionVerdict | null {
  switch (operator) {
    case '=':
    case '==':
      if (operand.startsWith('/')) {
        if (operand.length < 2 || !operand.endsWith('/')) {
          return { code: 'version-malformed', message: 'the regular expression has no closing `/`' }
        }
        return matchVersion(operand.slice(1, -1), version)
      }
      return order(operand, version, difference => difference === 0)
    case '~':
      return matchVersion(operand, version)
    case '<':
      return order(operand, version, difference => difference < 0)
    case '<=':
      return order(operand, version, difference => difference <= 0)
    case '>':
      return order(operand, version, difference => difference > 0)
    case '>=':
      return order(operand, version, difference => difference >= 0)
    default:
      return null
  }
}

function order(operand: string, version: string, holds: (difference: number) => boolean): VersionVerdict {
  if (!/^\d+(\.\d*){0,2}$/.test(operand)) return INVALID
  return { holds: holds(compareVersions(version, operand.replace(/\.(?=\.|$)/g, '.0'))) }
}

function matchVersion(pattern: string, version: string): VersionVerdict {
  if (pattern === '') return INVALID
  const expression = compilePcre(pattern, APACHE_OPTIONS)
  return { holds: expression?.test(version) }
}
