import { posix } from 'node:path'
import { type ScriptWrite, scriptWrites } from '../../parsers/shell/script-writes.ts'
import { directoriesAbove } from '../../parsers/text/directories-above.ts'
import { isUnknownWord } from '../../parsers/text/source.ts'
import { wholeText } from '../../parsers/text/written-text.ts'
import { readYaml } from '../../parsers/yaml/read-yaml.ts'
import type { YamlNode } from '../../parsers/yaml/yaml-node.ts'
import { type FileSystem, sourceAt } from './file-system.ts'
import type { Mount } from './mounts.ts'
import { mountsOf } from './placed-texts.ts'
import { importedBy, ofTasks, writesOfYaml } from './playbook-writes.ts'

/**
 * The machines for which a repository has files of servers in the roles and playbooks of Ansible, or copies them by a
 * script: of each what is surely put where.
 *
 * @param servers the files of servers
 * @param scripts those that may copy them
 */
export function placedCopies(
  files: FileSystem,
  servers: readonly string[],
  scripts: readonly string[],
): readonly (readonly Mount[])[] {
  const homes = new Set(servers.flatMap(path => /^(.*)\/(?:templates|files)\//.exec(path)?.[1] ?? []))
  const isServers = new Set(servers)
  const found = [...homes].flatMap(home => ofRole(files, home) ?? ofPlaybooks(files, home))
  const copied = scripts.map(path => ofScript(files, path))
  return [...found, ...copied].filter(mounts => mounts.some(({ disk }) => isServers.has(disk)))
}

/** Null for a directory that is no role's. */
function ofRole(files: FileSystem, home: string): readonly (readonly Mount[])[] | null {
  const directory = `${home}/tasks`
  const names = (files.list(directory) ?? []).flatMap(({ name }) => (/\.ya?ml$/.test(name) ? name : []))
  const documents = new Map(names.map(name => [name, documentsOf(files, `${directory}/${name}`)]))
  const first = names.find(name => /^main\./.test(name))
  if (first === undefined) return null
  const sure = new Set([first])
  for (const name of sure)
    for (const document of documents.get(name) ?? [])
      for (const imported of importedBy(document)) if (documents.has(imported)) sure.add(imported)
  const of = (isSure: boolean): readonly YamlNode[] =>
    [...documents].flatMap(([name, found]) => (sure.has(name) === isSure ? found : []))
  return [copiesOf(ofTasks(of(true), of(false)), name => keptIn(files, home, name))]
}

/** Playbooks with templates beside them. */
function ofPlaybooks(files: FileSystem, home: string): readonly (readonly Mount[])[] {
  const names = (files.list(home) ?? []).flatMap(({ name }) => (/\.ya?ml$/.test(name) ? name : []))
  return names.slice(0, MOST_PLAYBOOKS).flatMap(name =>
    documentsOf(files, `${home}/${name}`)
      .flatMap(document => (document.kind === 'list' ? writesOfYaml(document) : []))
      .map(writes => copiesOf(writes, from => keptIn(files, home, from))),
  )
}

const MOST_PLAYBOOKS = 40

function documentsOf(files: FileSystem, path: string): readonly YamlNode[] {
  const source = sourceAt(files, path)
  return source === null ? [] : readYaml(source).documents
}

/** Where Ansible looks for what a task names. */
function keptIn(files: FileSystem, home: string, name: string): string | null {
  if (name.startsWith('/')) return null
  const places = ['templates', 'files', '.'].map(directory => posix.join(home, directory, name))
  return places.find(path => files.kind(path) === 'file') ?? null
}

function ofScript(files: FileSystem, path: string): readonly Mount[] {
  const source = sourceAt(files, path)
  if (source === null) return []
  const directories = directoriesAbove(path)
  return copiesOf(scriptWrites([wholeText(source)]), name => {
    // What stands before it is the directory of the checkout, whatever it is called there.
    const known = isUnknownWord(name) ? (/[^/]*\/(.*)$/s.exec(name)?.[1] ?? '') : name
    if (known === '' || isUnknownWord(known) || known.startsWith('/')) return null
    const places = directories.map(directory => posix.join(directory, known))
    return places.find(place => files.kind(place) === 'file') ?? null
  })
}

function copiesOf(writes: readonly ScriptWrite[], find: (name: string) => string | null): readonly Mount[] {
  return mountsOf(writes, ({ by }) => (by.kind === 'copy' ? find(by.from) : null))
}
