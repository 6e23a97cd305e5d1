import { givenVariables } from '../../parsers/compose/given-variables.ts'
import { isUnknownWord, type Place } from '../../parsers/text/source.ts'
import type { ComposeService, ComposeVariable } from '../../parsers/compose/compose.ts'
import { memo } from '../../parsers/collections/memo.ts'
import type { Fact } from '../../parsers/text/fact.ts'
import type { Deployment } from '../../src/deployment/model.ts'
import { allServices } from './_compose-projects.ts'

/** A name of a list with commas, as nginx-proxy and acme-companion read it. */
export interface ListedName {
  readonly name: string
  readonly at: Place
}

/** A service that nginx-proxy proxies to. */
export interface VirtualHost {
  readonly service: ComposeService
  readonly names: readonly ListedName[]
  /** The names that acme-companion has certificates made for; null where none is asked for. */
  readonly certified: {
    readonly names: readonly ListedName[]
    readonly variable: string
    readonly at: Place
  } | null
}

export interface VirtualHosts {
  /** True where a compose file runs nginx-proxy. */
  readonly hasProxy: boolean
  readonly hosts: readonly VirtualHost[]
  /** All names of all certificates, in small letters; null where some are not known. */
  readonly certified: ReadonlySet<string> | null
}

/**
 * The services of which nginx-proxy reads `VIRTUAL_HOST`, where all of it is known.
 *
 * @see https://github.com/nginx-proxy/nginx-proxy/tree/main/docs#virtual-hosts
 */
export const virtualHosts = memo((deployment: Deployment): VirtualHosts => {
  const services = [...allServices(deployment)]
  const lists = services.map(service => certificatesOf(service))
  const isKnown = lists.every(list => list === null || list.names !== null)
  return {
    hasProxy: services.some(({ image }) => image?.known === true && PROXY.test(image.value)),
    hosts: services.flatMap((service, index): readonly VirtualHost[] => {
      const names = namesIn(variableOf(service, 'VIRTUAL_HOST'))
      const list = lists[index] ?? null
      const certified = list === null || list.names === null ? null : { ...list, names: list.names }
      return names === null ? [] : [{ service, names, certified }]
    }),
    certified: isKnown
      ? new Set(lists.flatMap(list => list?.names?.map(({ name }) => name.toLowerCase()) ?? []))
      : null,
  }
})

const PROXY =
  /(?:^|\/)(?:jwilder|nginxproxy|nginx-proxy)\/nginx-proxy(?::|@|$)|(?:^|\/)etopian\/nginx-proxy(?::|$)/

function certificatesOf(service: ComposeService) {
  for (const variable of ['ACME_HOST', 'LETSENCRYPT_HOST']) {
    const value = variableOf(service, variable)
    if (value !== null) return { variable, names: namesIn(value), at: value.at ?? service.at }
  }
  return null
}

/** An empty value of Compose's own environment is none that is known. */
function variableOf(service: ComposeService, name: string): Fact<string> | null {
  const found: ComposeVariable | undefined = givenVariables(service).findLast(each => each.name === name)
  return found?.value ?? null
}

function namesIn(value: Fact<string> | null): readonly ListedName[] | null {
  if (value?.known !== true || value.at === null || isUnknownWord(value.value) || /[$\n]/.test(value.value))
    return null
  const { source, start, end } = value.at
  return value.value.split(',').flatMap(part => {
    const name = part.trim()
    const from = source.text.indexOf(name, start)
    if (name === '') return []
    return [
      {
        name,
        at:
          from < 0 || from + name.length > end ? value.at! : { source, start: from, end: from + name.length },
      },
    ]
  })
}
