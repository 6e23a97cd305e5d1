import { groupBy } from '../../parsers/collections/group-by.ts'
import { placeText, type Place } from '../../parsers/text/source.ts'
import type { TraefikLabel } from './_traefik-labels.ts'

/** A router that labels of a container make. */
export interface TraefikRouter {
  /** As written. */
  readonly name: string
  /** Its labels, by what stands behind its name: `rule`, `tls.certresolver`, in small letters. */
  readonly fields: ReadonlyMap<string, TraefikLabel>
}

export function routersOf(labels: readonly TraefikLabel[]): readonly TraefikRouter[] {
  const ofRouters = labels.filter(({ path }) => /^routers$/i.test(path[1] ?? '') && path.length > 3)
  return [...groupBy(ofRouters, ({ path }) => (path[2] ?? '').toLowerCase()).values()].map(own => ({
    name: own[0]?.path[2] ?? '',
    fields: new Map(own.map(label => [label.path.slice(3).join('.').toLowerCase(), label])),
  }))
}

/** What a router is told in a field; null where nothing is, or nobody knows. */
export function valueOfField({ fields }: TraefikRouter, name: string): string | null {
  const value = fields.get(name)?.label.value
  return value?.known === true ? value.value : null
}

/** The name of a label, without its value. */
export function namePlaceOf({ label: { name, at } }: TraefikLabel): Place {
  const begin = placeText(at).indexOf(name)
  return begin === -1 ? at : { ...at, start: at.start + begin, end: at.start + begin + name.length }
}

/** A name in a list, or what stands in its place. */
export function placeOfName(at: Place, name: string): Place {
  const begin = placeText(at).lastIndexOf(name)
  return begin === -1 ? at : { ...at, start: at.start + begin, end: at.start + begin + name.length }
}
