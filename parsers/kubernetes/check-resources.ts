import type { YamlMap } from '../yaml/yaml-node.ts'
import type { ManifestProblem } from './manifest-problem.ts'
import { readQuantity } from './quantity.ts'
import { entryAt, listAt, mapAt, textAt } from './yaml-paths.ts'

/** What a container asks for and may have. */
export function* resources(container: YamlMap): Iterable<ManifestProblem> {
  for (const part of ['requests', 'limits'])
    yield* quantities(mapAt(container, 'resources', part), 'spec.containers[0].resources')
  const of = (part: string, name: string): number | null =>
    readQuantity(textAt(container, 'resources', part, name) ?? '')
  for (const name of ['cpu', 'memory']) {
    const asked = of('requests', name)
    const most = of('limits', name)
    if (asked !== null && most !== null && asked > most && !(name === 'memory' && most < LEAST))
      yield {
        kind: 'above-limit',
        at: entryAt(container, 'resources', 'requests', name)!.value.at,
        said: `spec.containers[0].resources.requests: Invalid value: "${textAt(container, 'resources', 'requests', name)}": must be less than or equal to ${name} limit of ${textAt(container, 'resources', 'limits', name)}`,
        patchable: true,
      }
  }
  const memory = of('limits', 'memory')
  if (memory !== null && memory > 0 && memory < LEAST) {
    const text = textAt(container, 'resources', 'limits', 'memory')!
    yield {
      kind: 'no-memory',
      at: entryAt(container, 'resources', 'limits', 'memory')!.value.at,
      said: `\`${text}\` is ${text.endsWith('m') ? 'thousandths of a byte' : `${memory} bytes`}, with which no program starts: OOM-killed (memory limit too low?)`,
      patchable: true,
    }
  }
  const part = entryAt(container, 'resources', 'requests', 'cpu') === null ? 'limits' : 'requests'
  const cores = of(part, 'cpu')
  if (cores !== null && cores >= MANY)
    yield {
      kind: 'no-cores',
      at: entryAt(container, 'resources', part, 'cpu')!.value.at,
      said: `no node has ${cores} cores to give, so the pod stays Pending: Insufficient cpu`,
      patchable: true,
    }
}

/** Fewer bytes than a program starts with. */
const LEAST = 1024 ** 2

/** More cores than the machines of any cloud have, and the fewest thousandths that people ask for. */
const MANY = 500

/** What a claim asks for. */
export function* storage(spec: YamlMap | null): Iterable<ManifestProblem> {
  yield* quantities(spec === null ? null : mapAt(spec, 'resources', 'requests'), 'spec.resources')
}

function* quantities(map: YamlMap | null, field: string): Iterable<ManifestProblem> {
  for (const { name, value } of map?.entries.values() ?? []) {
    const text = textAt(map!, name)
    if (text === null || !/^[\w.+-]+$/.test(text) || !/\d/.test(text) || readQuantity(text) !== null) continue
    yield {
      kind: 'quantity',
      at: value.at,
      said: `${field}: "${text}" is no quantity: quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$', and end in Ki, Mi, Gi, k, M, G or m`,
      patchable: true,
    }
  }
}

/** A port that a probe asks by a name that none of the container has. */
export function* probes(container: YamlMap): Iterable<ManifestProblem> {
  const names = new Set(listAt(container, 'ports').map(port => textAt(port, 'name')))
  for (const probe of ['readinessProbe', 'livenessProbe', 'startupProbe'])
    for (const by of ['httpGet', 'tcpSocket']) {
      const port = textAt(container, probe, by, 'port')
      if (port === null || /^\d+$/.test(port) || names.has(port)) continue
      // What a template names, may be it.
      if (listAt(container, 'ports').some(each => each.entries.has('name') && textAt(each, 'name') === null))
        continue
      yield {
        kind: 'probe-port',
        at: entryAt(container, probe, by, 'port')!.value.at,
        said: `no port of the container is called \`${port}\`, so the ${probe} fails each time: strconv.Atoi: parsing "${port}": invalid syntax`,
        patchable: true,
      }
    }
}

/** The values of a Secret's `data`, which are to be in Base64. */
export function* encoded(map: YamlMap): Iterable<ManifestProblem> {
  for (const { name, value } of mapAt(map, 'data')?.entries.values() ?? []) {
    const text = textAt(map, 'data', name)?.replace(/[\r\n]/g, '') ?? ''
    if (!/^[\w.@!:/+=~-]+$/.test(text) || PLACEHOLDER.test(text) || isBase64(text)) continue
    yield {
      kind: 'base64',
      at: value.at,
      said: 'illegal base64 data',
      patchable: true,
    }
  }
}

/** What nobody applies as it is, and what other tools put the value in the place of. */
const PLACEHOLDER =
  /your|replace|change|example|placeholder|redact|hidden|secret|todo|insert|base64|encoded|xxx|\.\.\.|^(?:ref\+|vault:|op:\/\/|ENC|PLACE)|_HERE|^[A-Z_]+$/i

function isBase64(text: string): boolean {
  return text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text)
}
