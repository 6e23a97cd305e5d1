import type { ApacheDirective } from '../configuration.ts'
import { type ApacheContext, scopeBits } from '../directives.ts'
import { authorizationSection, providerAlias, requireSection } from './authorization.ts'
import { contextBit, type Fault, invalid, type Scope, argument, type Walk } from './check.ts'
import { expressionFault } from './expression.ts'
import { intersect, isEmpty, isRegisteredMethod, isSubset, type MethodSet, methodsOf } from './methods.ts'
import { type Opening, openerFault } from './opener.ts'
import { proxySection } from './proxy.ts'
import { regexFault } from './regex.ts'
import { virtualHostAddressFault } from './listen.ts'

type Opener = (directive: ApacheDirective, scope: Scope, walk: Walk) => Opening

/** The scope of a section that begins a configuration of its own: what it says merges by itself. */
function enter(scope: Scope, context: ApacheContext, path: string, directive: ApacheDirective): Scope {
  return {
    // Inside another section its bits stand already; at a server's level the section gives its own.
    bits: scope.path === null || context === 'proxy' ? scopeBits(context) : scope.bits,
    around: scope.around | contextBit(context),
    virtualHost: scope.virtualHost,
    path,
    limited: scope.limited,
    authorization: authorizationSection('any', directive),
    branch: { open: false },
  }
}

/** `<Directory>`, `<Location>`, `<Files>`, their `Match` forms, and the regular expression behind `~`. */
function pathSection(context: ApacheContext, match: boolean): Opener {
  return (directive, scope, { pcre }) => {
    const missing = openerFault(directive)
    const first = argument(directive, 0)
    // `<DirectoryMatch ~ …>` is taken too, which `<FilesMatch>` and `<LocationMatch>` are not.
    const tilde = first === '~' && (!match || context === 'directory')
    const path = tilde ? argument(directive, 1) : first
    const inside = enter(scope, context, path, directive)
    if (missing !== null) return { fault: missing, inside }
    const regex = match || tilde ? regexFault(path, pcre) : null
    const fault: Fault | null =
      regex === null
        ? null
        : {
            code: 'invalid-regex',
            message: `the regular expression of \`<${directive.name}>\` does not compile: ${regex}`,
            word: directive.args[tilde ? 1 : 0],
          }
    const most = tilde ? 2 : 1
    return { fault, inside, after: () => surplusFault(directive, most) }
  }
}

function surplusFault(directive: ApacheDirective, most: number): Fault | null {
  const surplus = directive.args[most]
  if (surplus === undefined) return null
  return {
    code: 'section-opener-malformed',
    message: `\`<${directive.name}>\` takes one argument, and \`${surplus.value}\` is one more`,
    word: surplus,
    help: 'put an argument with blanks into quotes',
  }
}

const virtualHost: Opener = (directive, scope) => {
  const inside: Scope = {
    ...enter(scope, 'virtualhost', '', directive),
    bits: scopeBits('virtualhost'),
    path: null,
    virtualHost: directive,
  }
  return { fault: openerFault(directive) ?? virtualHostAddressFault(directive), inside }
}

function branch(kind: 'if' | 'elseif' | 'else'): Opener {
  return (directive, scope, walk) => {
    const inside = enter(scope, 'if', '*If', directive)
    const fault = openerFault(directive, kind !== 'else') ?? conditionFault(directive, kind, walk)
    const after = (): Fault | null => {
      if (kind !== 'else') {
        const surplus = surplusFault(directive, 1)
        if (surplus !== null) return surplus
      }
      const follows = scope.branch.open
      scope.branch.open = kind !== 'else'
      if (kind === 'if' || follows || walk.unit.fragments) return null
      return {
        code: 'section-order',
        message: `\`<${directive.name}>\` follows no \`<If>\` in this scope`,
      }
    }
    return { fault, inside, after }
  }
}

function conditionFault(directive: ApacheDirective, kind: string, walk: Walk): Fault | null {
  if (kind === 'else') {
    const word = directive.args[0]
    if (word === undefined) return null
    return { code: 'section-opener-malformed', message: '`<Else>` takes no argument', word }
  }
  const fault = expressionFault(argument(directive, 0), 'boolean', walk.names)
  if (fault === null) return null
  return {
    code: 'invalid-expression',
    message: `the condition of \`<${directive.name}>\` is no expression: ${fault}`,
    word: directive.args[0],
    help: directive.args.length > 1 ? 'put the whole expression into quotes' : undefined,
  }
}

/** `<Limit>` and `<LimitExcept>`; `Require method` may name what they name. */
function limit(except: boolean): Opener {
  return (directive, scope, walk) => {
    const inside: Scope = { ...scope, around: scope.around | contextBit('limit'), branch: { open: false } }
    const missing = openerFault(directive)
    if (missing !== null) return { fault: missing, inside }
    for (const word of directive.args) {
      if (word.value === 'TRACE' && !except) {
        return { fault: invalid('`TRACE` is not for `<Limit>`', word, 'use `TraceEnable`'), inside }
      }
      // Requests are answered by several processes, which could not agree on a new method.
      if (walk.perDirectory && !isRegisteredMethod(word.value) && !walk.defined.has(`method ${word.value}`))
        return { fault: invalid(`there is no method \`${word.value}\``, word), inside }
      walk.defined.set(`method ${word.value}`, directive)
    }
    const methods = methodsOf(
      directive.args.map(word => word.value),
      except,
    )
    const limited = scope.limited === null ? methods : intersect(scope.limited, methods)
    const fault = scope.limited === null ? null : limitFault(directive, scope.limited, methods)
    return { fault, inside: { ...inside, limited } }
  }
}

function limitFault(directive: ApacheDirective, outer: MethodSet, methods: MethodSet): Fault | null {
  const word = directive.args[0]
  if (isEmpty(intersect(outer, methods))) {
    return invalid(`no method is left in \`<${directive.name}>\` inside the section around it`, word)
  }
  if (!isSubset(outer, methods)) return null
  return invalid(`\`<${directive.name}>\` leaves the methods that the section around it left already`, word)
}

const OPENERS: ReadonlyMap<string, Opener> = new Map<string, Opener>([
  ['directory', pathSection('directory', false)],
  ['directorymatch', pathSection('directory', true)],
  ['location', pathSection('location', false)],
  ['locationmatch', pathSection('location', true)],
  ['files', pathSection('files', false)],
  ['filesmatch', pathSection('files', true)],
  ['virtualhost', virtualHost],
  ['if', branch('if')],
  ['elseif', branch('elseif')],
  ['else', branch('else')],
  ['limit', limit(false)],
  ['limitexcept', limit(true)],
  ['requireall', requireSection('all')],
  ['requireany', requireSection('any')],
  ['requirenone', requireSection('none')],
  ['authzprovideralias', providerAlias('authz')],
  ['authnprovideralias', providerAlias('authn')],
  [
    'proxy',
    (directive, scope, walk) =>
      proxySection(directive, enter(scope, 'proxy', proxyPath(directive), directive), walk, false),
  ],
  [
    'proxymatch',
    (directive, scope, walk) =>
      proxySection(directive, enter(scope, 'proxy', proxyPath(directive), directive), walk, true),
  ],
])

function proxyPath(directive: ApacheDirective): string {
  return argument(directive, argument(directive, 0) === '~' ? 1 : 0)
}

/** Judges a section; sections of which nothing more is known let everything stand inside. */
export function openSection(
  lowerName: string,
  directive: ApacheDirective,
  scope: Scope,
  walk: Walk,
): Opening {
  const opener = OPENERS.get(lowerName)
  if (opener !== undefined) return opener(directive, scope, walk)
  return { fault: openerFault(directive, false), inside: null }
}
