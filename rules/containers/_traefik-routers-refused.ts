import { sourceAt } from '../../src/files/file-system.ts'
import { placeText, type Place } from '../../parsers/text/source.ts'
import type { Container } from '../../src/deployment/containers/container.ts'
import { serviceVariables } from '../../src/deployment/containers/service-variables.ts'
import type { RuleFinding } from '../../src/engine/rule.ts'
import { everyTraefik, isSwitchedOff } from './_traefik.ts'
import { httpLabels, type TraefikLabel } from './_traefik-labels.ts'
import { namePlaceOf, routersOf } from './_traefik-routers.ts'

/** Routers that name no service, of a container that has more than one: Traefik drops them. */
export function* withoutService(
  { service, projects }: Container,
  labels: readonly TraefikLabel[],
): Iterable<RuleFinding> {
  const services = new Map(
    labels.flatMap(label =>
      /^services$/i.test(label.path[1] ?? '') && label.path.length > 3
        ? [[(label.path[2] ?? '').toLowerCase(), label] as const]
        : [],
    ),
  )
  // A service of another kind, such as `weighted`, is for routers of other containers, too.
  if (services.size < 2 || !service.complete || isSwitchedOff(service)) return
  // Files that are laid over this one may name it.
  const everywhere = projects.flatMap(each => [...each.services.values()].flatMap(httpLabels))
  const named = new Set(
    routersOf(everywhere).flatMap(({ name, fields }) => (fields.has('service') ? [name.toLowerCase()] : [])),
  )
  for (const { name, fields } of routersOf(labels)) {
    const [first] = fields.values()
    if (first === undefined || named.has(name.toLowerCase())) continue
    const [own, ...others] = services.keys()
    const meant = services.has(name.toLowerCase()) ? name : null
    yield {
      at: namePlaceOf(fields.get('rule') ?? first),
      message: `Traefik drops the router \`${name}\`, which names none of the ${services.size} services of its container: cannot be linked automatically with multiple Services`,
      label: 'without a service',
      related: [...services.values()]
        .slice(0, 3)
        .map(({ label }) => ({ at: label.at, message: 'a service' })),
      help: `Write \`traefik.http.routers.${name}.service=${meant ?? [own, ...others].join('|')}\``,
    }
  }
}

const ARGUMENTS = '(?:`[^`]*`|"(?:[^"\\\\]|\\\\.)*")'
const CALL = new RegExp(`\\b([A-Za-z]+)\\(\\s*(${ARGUMENTS}(?:\\s*,\\s*${ARGUMENTS})*)\\s*,?\\s*\\)`, 'g')

/** Rules that version 2 of Traefik reads otherwise, where version 3 alone is there to read them. */
export function* ofSecondVersion(
  container: Container,
  labels: readonly TraefikLabel[],
): Iterable<RuleFinding> {
  const ruled = routersOf(labels).flatMap(({ name, fields }) => {
    const value = fields.get('rule')?.label.value
    return value?.known === true && value.at !== null && !fields.has('rulesyntax')
      ? [{ name, rule: value.value, at: value.at }]
      : []
  })
  const faults = ruled.flatMap(each => {
    const fault = faultIn(each.rule)
    return fault === null ? [] : [{ ...each, fault }]
  })
  if (faults.length === 0 || isSwitchedOff(container.service)) return
  const all = everyTraefik(container)
  const [traefik] = all
  if (traefik === undefined || !all.every(isThird)) return
  for (const { name, rule, at, fault } of faults) {
    const begin = placeText(at).indexOf(fault.written)
    yield {
      at: begin === -1 ? at : within(at, begin, fault.written.length),
      ...(fault.matchesNothing && rule.includes('||') && { severity: 'warning' as const }),
      message: fault.matchesNothing
        ? `version 3 of Traefik reads no \`{name:pattern}\`, so this part of the rule of the router \`${name}\` matches nothing`
        : `version 3 of Traefik switches the router \`${name}\` off: ${fault.said}`,
      label: 'of version 2',
      related: [{ at: traefik.service.image?.at ?? traefik.service.at, message: 'the version' }],
      help: fault.help,
    }
  }
}

interface RuleFault {
  readonly written: string
  readonly matchesNothing?: true
  readonly said: string
  readonly help: string
}

/** The first part of a rule that version 3 does not take, or takes for something else. */
function faultIn(rule: string): RuleFault | null {
  if (/\$\{|\{\{/.test(rule)) return null
  for (const [written, matcher = '', list = ''] of rule.matchAll(CALL)) {
    const given = list.match(new RegExp(ARGUMENTS, 'g')) ?? []
    if (/^Headers(?:Regexp)?$/.test(matcher))
      return {
        written: matcher,
        said: `unsupported function: ${matcher}`,
        help: `Write \`${matcher.replace('Headers', 'Header')}\``,
      }
    if (!/^(?:Host|HostRegexp|Path|PathPrefix|Method|ClientIP)$/.test(matcher)) continue
    if (given.length > 1)
      return {
        written,
        said: `unexpected number of parameters; got ${given.length}, expected one of [1]`,
        help: `Write \`${given.map(each => `${matcher}(${each})`).join(' || ')}\``,
      }
    const [pattern = ''] = given
    if (/^(?:HostRegexp|Path|PathPrefix)$/.test(matcher) && /\{[A-Za-z_]\w*:/.test(pattern))
      return {
        written: pattern,
        matchesNothing: true,
        said: '',
        help: `Write a pattern of Go: \`${matcher === 'HostRegexp' ? 'HostRegexp(`^[a-z0-9-]+\\.example\\.org$`)' : 'PathRegexp(`^/[0-9]+`)'}\``,
      }
  }
  return null
}

/** True for version 3, which nothing tells to read rules as version 2 did. */
function isThird({ reference, service, mounts, files, hostFiles }: Container): boolean {
  if (!/^traefik:v?3(?:[.-]|$)/.test(reference ?? '') || !service.complete) return false
  const { variables, complete } = serviceVariables(service, hostFiles)
  const texts = mounts
    .filter(
      ({ target, from }) => from !== 'volumes' || /\/etc(?:\/traefik)?\/?$|\.(?:ya?ml|toml)$/.test(target),
    )
    .map(({ target, path }) => (path === null ? null : (sourceAt(files, target)?.text ?? null)))
  const words = service.command?.words.map(({ text }) => text) ?? []
  return (
    complete &&
    service.command?.rest == null &&
    texts.every(text => text !== null) &&
    ![...words, ...texts, ...variables.map(({ name }) => name)].some(text =>
      /default_?rule_?syntax/i.test(text ?? ''),
    )
  )
}

function within(at: Place, begin: number, length: number): Place {
  return { ...at, start: at.start + begin, end: at.start + begin + length }
}
