import { memo } from '../parsers/collections/memo.ts'
import type { Source } from '../parsers/text/source.ts'
import { readYaml } from '../parsers/yaml/read-yaml.ts'
import type { YamlNode } from '../parsers/yaml/yaml-node.ts'
import { isYaml } from '../src/deployment/setups/setup-commands.ts'

/**
 * True for a name that a script or a playbook gives a file, and that surely does not end in `.conf`: one that is known,
 * one that ends in a variable called after a host, or in one of Ansible to which the files give such values alone.
 */
export function namesNoFile(name: string, texts: readonly Source[]): boolean {
  if (/\.(?:conf|j2)["']?$/.test(name)) return false
  if (/^[\w.-]+$/.test(name)) return true
  const variable =
    /(?:\{\{ ?(?:\w+\.)*(\w+) ?\}\}|\$\{?(\w+)\}?)$/
      .exec(name)
      ?.slice(1)
      .find(found => found !== undefined) ?? null
  if (variable === null) return false
  if (OF_HOST.test(variable)) return true
  const values = name.includes('{{') ? texts.flatMap(source => valuesIn(source).get(variable) ?? []) : []
  const words = values.filter(value => !/\s/.test(value))
  return (
    words.some(value => /^[\w-]+(?:\.[\w-]+)*$/.test(value)) &&
    words.every(value => /^[\w.-]+$/.test(value) && !value.endsWith('.conf'))
  )
}

/** True for a name that ends in what is surely a host: of a variable that is called so, or as such names look. */
export function endsInHost(name: string): boolean {
  const variable = /(?:\{\{ ?(?:\w+\.)*(\w+) ?\}\}|\$\{?(\w+)\}?)$/.exec(name)?.slice(1).join('')
  return variable === undefined
    ? /^(?:[\w-]+\.)+(?:com|net|org|io|dev|app|co|edu|gov|info|[a-z]{2})$/.test(name) &&
        !/\.(?:sh|py|pl|js|ts|in|md|gz|j2|rb)$/.test(name)
    : OF_HOST.test(variable)
}

const OF_HOST = /^\w*(?:domain|fqdn|host_?name|server_?name|vhost_?name|site_?name)(?:_name)?$/i

/** The scalars of a file of variables by the key that has them. */
const valuesIn = memo((source: Source): ReadonlyMap<string, readonly string[]> => {
  const found = new Map<string, string[]>()
  if (!isYaml(source)) return found
  const look = (node: YamlNode): void => {
    if (node.kind === 'list') for (const item of node.items) look(item)
    if (node.kind !== 'map') return
    for (const { name, value } of node.entries.values()) {
      if (value.kind === 'scalar') found.set(name, [...(found.get(name) ?? []), value.text.text])
      else if (!OF_TASKS.test(name)) look(value)
    }
  }
  // Of tasks themselves the names are sentences, and what modules are given is no variable.
  if (!/\/(?:tasks|handlers|meta)\//.test(source.path))
    for (const document of readYaml(source).documents) look(document)
  return found
})

const OF_TASKS = /^(?:tasks|pre_tasks|post_tasks|handlers|roles)$/
