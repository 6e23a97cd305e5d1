import type { ComposeService } from '../compose/compose.ts'
import { readService } from '../compose/read-service.ts'
import { type Place, isUnknownWord } from '../text/source.ts'
import { placeOf, type WrittenText } from '../text/written-text.ts'
import { madeMap } from '../yaml/made-nodes.ts'
import type { YamlMap, YamlNode } from '../yaml/yaml-node.ts'

/** A container that a command, a task or a unit starts. */
export interface StartedContainer {
  /** As it is written; null where Docker makes one up. */
  readonly name: WrittenText | null
  readonly image: WrittenText | null
  /** What is said of it, under the keys that a compose file has for the same. */
  readonly keys: readonly (readonly [string, YamlNode])[]
  /** The whole of it. */
  readonly at: Place
  /** False where more may be said of it. */
  readonly complete: boolean
}

/**
 * The container as the service of a compose file that would start the same.
 *
 * @param build what its image is built from, as `build:` of a service; null where nobody knows
 * @param directory to which its relative paths belong; null where nobody knows
 */
export function serviceOf(
  { name, image, keys, at, complete }: StartedContainer,
  build: YamlMap | null,
  directory: string | null,
): ComposeService {
  const all = build === null ? keys : [...keys, ['build', build] as const]
  const node = madeMap(all, at)
  const place = name ?? image
  const { service } = readService(nameOf(name, image), place === null ? at : placeOf(place), node, {
    lookup: null,
    directory,
  })
  return {
    ...service,
    networks: joinedBy(service),
    complete: complete && !(name !== null && isUnknownWord(name.text)),
  }
}

/** Its own name, else one that no other container has as a name of the network. */
function nameOf(name: WrittenText | null, image: WrittenText | null): string {
  if (name !== null && !isUnknownWord(name.text)) return name.text
  const reference = image === null || isUnknownWord(image.text) ? 'container' : image.text
  return /[:@]/.test(reference) ? reference : `${reference}:latest`
}

/** Docker's own bridge is a network on which containers have no names. */
function joinedBy({ networks, networkMode }: ComposeService): ComposeService['networks'] {
  return networks ?? (networkMode === null ? [] : null)
}
