import type { Place } from '../text/source.ts'
import type { YamlMap, YamlNode } from '../yaml/yaml-node.ts'
import type { ComposeFault } from './compose.ts'
import { portFaults } from './port-faults.ts'
import { isTemplate } from './template.ts'
import { type FileContext, valueIn } from './values.ts'

/** What Compose's schema lets pass, and Docker refuses before the container is made. */
export function* daemonFaults(service: YamlMap, context: FileContext): Iterable<ComposeFault> {
  const image = valueIn(service, 'image')
  if (image?.kind === 'scalar' && !isTemplate(image)) {
    const said = refusedReference(image.text.text)
    if (said !== null) yield fault(image.at, said)
  }
  const restart = valueIn(service, 'restart')
  if (restart?.kind === 'scalar' && !isTemplate(restart) && !isPolicy(restart.text.text))
    yield fault(
      restart.at,
      `invalid restart policy: unknown policy '${restart.text.text}'; use one of 'no', 'always', 'on-failure', or 'unless-stopped'`,
    )
  const memory = valueIn(service, 'mem_limit')
  if (
    memory?.kind === 'scalar' &&
    /^[1-9]\d*$/.test(memory.text.text) &&
    Number(memory.text.text) < 6 * 1024 ** 2
  )
    yield fault(memory.at, 'Minimum memory limit allowed is 6MB: a number without a unit is one of bytes')
  const volumes = valueIn(service, 'volumes')
  if (volumes?.kind === 'list') for (const item of volumes.items) yield* refusedMount(item)
  yield* portFaults(service, context)
}

/**
 * `true` and its like are judged by each reader for itself. Of what stands behind the colon Compose takes what is no
 * number for 0.
 */
function isPolicy(text: string): boolean {
  return /^(?:no|none|false|true|yes|always|unless-stopped|on-failure)?(?::|$)/.test(text)
}

function fault(at: Place, said: string): ComposeFault {
  return { at, said, meant: null, home: null }
}

/** Docker's own words of an image's name; null where it takes the name, or a person is to fill it in. */
function refusedReference(name: string): string | null {
  if (!/^[\w.:/@ -]+$/.test(name) || /[A-Z_]{3}|^[0-9a-f]{64}$/.test(name)) return null
  const last = name.slice(name.lastIndexOf('/') + 1)
  const digest = last.indexOf('@')
  const tagged = digest === -1 ? last : last.slice(0, digest)
  if (/\s/.test(name) || /::|:$/.test(name) || tagged.split(':').length > 2) return 'invalid reference format'
  const parts = name.slice(0, name.length - last.length).split('/')
  const isHost = parts.length > 1 && /[.:A-Z]|^localhost$/.test(parts[0] ?? '')
  const path = [...parts.slice(isHost ? 1 : 0, -1), tagged.split(':')[0] ?? '']
  return path.some(part => /[A-Z]/.test(part))
    ? 'invalid reference format: repository name must be lowercase'
    : null
}

/** A path in the container that does not begin at its root. */
function* refusedMount(item: YamlNode): Iterable<ComposeFault> {
  if (item.kind !== 'scalar' || isTemplate(item)) return
  const parts = item.text.text.split(':')
  const target = parts.length === 1 ? parts[0] : parts[1]
  // `C:\data` and its like are for another system.
  if (target === undefined || /[\\~<>%]/.test(item.text.text) || /^[A-Za-z]$/.test(parts[0] ?? '')) return
  if (!/^[\w.][\w./-]*$/.test(target)) return
  // A word in capitals stands for a path that a script puts there.
  if (/^[A-Z][A-Z0-9_]*$/.test(target)) return
  yield fault(item.at, `invalid mount path: '${target}' mount path must be absolute`)
}
