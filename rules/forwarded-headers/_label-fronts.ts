import { givenVariables } from '../../parsers/compose/given-variables.ts'
import type { Place } from '../../parsers/text/source.ts'
import type { Container } from '../../src/deployment/containers/container.ts'
import type { Deployment } from '../../src/deployment/model.ts'
import { isSwitchedOff } from '../containers/_traefik.ts'
import { httpLabels } from '../containers/_traefik-labels.ts'
import { routersOf, valueOfField } from '../containers/_traefik-routers.ts'

/** A proxy that a container names itself to: by labels of Traefik, or by `VIRTUAL_HOST` of nginx-proxy. */
export interface LabelFront {
  readonly container: Container
  readonly server: 'Traefik' | 'nginx-proxy'
  /** The names by which clients ask. */
  readonly names: readonly string[]
  /** True where they surely ask over TLS alone. */
  readonly isTls: boolean
  readonly at: Place
}

export function* labelFronts({ machines }: Deployment): Iterable<LabelFront> {
  for (const { container } of machines) {
    if (container === null || isSwitchedOff(container.service)) continue
    const front = ofTraefik(container) ?? ofNginxProxy(container)
    if (front !== null) yield front
  }
}

const HOSTS = /\bHost\(([^)]*)\)/gi

function ofTraefik(container: Container): LabelFront | null {
  const routers = routersOf(httpLabels(container.service))
  const rules = routers.map(router => valueOfField(router, 'rule'))
  const [first] = routers
  const at = first?.fields.get('rule')?.label.at
  if (at === undefined || rules.some(rule => rule === null)) return null
  const names = rules.flatMap(rule =>
    [...rule!.matchAll(HOSTS)].flatMap(([, list = '']) =>
      list.split(',').map(each =>
        each
          .trim()
          .replace(/^[`"']|[`"']$/g, '')
          .toLowerCase(),
      ),
    ),
  )
  const isTls = routers.every(
    ({ fields }) =>
      [...fields.keys()].some(field => field === 'tls' || field.startsWith('tls.')) ||
      /https|redirect|secure/i.test(fields.get('middlewares')?.label.name ?? ''),
  )
  return areNames(names) ? { container, server: 'Traefik', names: [...new Set(names)], isTls, at } : null
}

function ofNginxProxy(container: Container): LabelFront | null {
  const environment = givenVariables(container.service)
  const own = environment.find(({ name }) => name === 'VIRTUAL_HOST')
  const names = own?.value?.known === true ? own.value.value.split(',').map(each => each.trim()) : []
  const isTls = environment.some(({ name }) => name === 'LETSENCRYPT_HOST')
  return own !== undefined && areNames(names)
    ? { container, server: 'nginx-proxy', names, isTls, at: own.at }
    : null
}

const areNames = (names: readonly string[]): boolean =>
  names.length > 0 && names.every(name => /^[a-z\d-]+(?:\.[a-z\d-]+)+$/.test(name))
