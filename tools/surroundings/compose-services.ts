import { parse } from 'yaml'
import { entriesOf, type Files, type Lay } from './files.ts'

/** A service of a compose file, as far as other surroundings have words for it. */
export interface Service {
  readonly name: string
  readonly image: string | null
  readonly build: {
    readonly context: string
    readonly dockerfile: string | null
    readonly target: string | null
  } | null
  readonly containerName: string | null
  readonly isOnHost: boolean
  /** `8080:80` */
  readonly ports: readonly string[]
  readonly expose: readonly string[]
  readonly environment: readonly (readonly [name: string, value: string])[]
  readonly envFiles: readonly string[]
  /** `./site.conf:/etc/nginx/conf.d/default.conf:ro` */
  readonly volumes: readonly string[]
  readonly entrypoint: readonly string[] | null
  readonly command: readonly string[] | null
  readonly user: string | null
  readonly workingDirectory: string | null
}

/** Lays the services of the one compose file of an example into another surrounding. */
export function ofCompose(lay: (services: readonly Service[], rest: Files) => Files | null): Lay {
  return files => {
    const [path, ...others] = composeFilesOf(files)
    if (path === undefined || others.length > 0 || path.includes('/')) return null
    const { [path]: text = '', ...rest } = files
    const services = servicesOf(text)
    const laid = services === null ? null : lay(services, rest)
    return laid === null ? null : { ...rest, ...laid }
  }
}

/** The one compose file as it is, in another file or by another name. */
export function ofComposeText(lay: (text: string) => Files): Lay {
  return files => {
    const [path, ...others] = composeFilesOf(files)
    if (path === undefined || others.length > 0 || path.includes('/')) return null
    const { [path]: text = '', ...rest } = files
    return { ...rest, ...lay(text) }
  }
}

function composeFilesOf(files: Files): readonly string[] {
  return entriesOf(files).flatMap(([path]) =>
    /(?:^|\/)(?:docker-)?compose[^/]*\.ya?ml$/.test(path) ? [path] : [],
  )
}

type Value = unknown

function servicesOf(text: string): readonly Service[] | null {
  let file: Value
  try {
    file = parse(text, { merge: true })
  } catch {
    return null
  }
  const services = inMap(file, 'services')
  if (!isMap(services)) return null
  return Object.entries(services).map(([name, service]) => ({
    name,
    image: textOf(inMap(service, 'image')),
    build: buildOf(inMap(service, 'build')),
    containerName: textOf(inMap(service, 'container_name')),
    isOnHost: inMap(service, 'network_mode') === 'host',
    ports: listOf(inMap(service, 'ports')).map(port =>
      isMap(port) ? `${textOf(port.published)}:${textOf(port.target)}` : String(port),
    ),
    expose: listOf(inMap(service, 'expose')).map(String),
    environment: variablesOf(inMap(service, 'environment')),
    envFiles: listOf(inMap(service, 'env_file')).map(file => textOf(inMap(file, 'path')) ?? String(file)),
    volumes: listOf(inMap(service, 'volumes')).map(volume =>
      isMap(volume)
        ? [textOf(volume.source), textOf(volume.target)].filter(part => part !== null).join(':')
        : String(volume),
    ),
    entrypoint: wordsOf(inMap(service, 'entrypoint')),
    command: wordsOf(inMap(service, 'command')),
    user: textOf(inMap(service, 'user')),
    workingDirectory: textOf(inMap(service, 'working_dir')),
  }))
}

function buildOf(build: Value): Service['build'] {
  if (build === undefined || build === null) return null
  const context = textOf(isMap(build) ? build.context : build) ?? '.'
  return {
    context,
    dockerfile: textOf(inMap(build, 'dockerfile')),
    target: textOf(inMap(build, 'target')),
  }
}

function variablesOf(environment: Value): Service['environment'] {
  if (isMap(environment))
    return Object.entries(environment).map(([name, value]) => [name, String(value ?? '')])
  return listOf(environment).map(entry => {
    const [name = '', value = ''] = String(entry).split(/=(.*)/s)
    return [name, value]
  })
}

function wordsOf(command: Value): readonly string[] | null {
  if (command === undefined || command === null) return null
  if (Array.isArray(command)) return command.map(String)
  return [...String(command).matchAll(/(?:"(?:[^"\\]|\\.)*"|'[^']*'|[^\s"'])+/g)].map(([word]) =>
    word.replace(/"((?:[^"\\]|\\.)*)"|'([^']*)'/g, (_, double, single) => double ?? single),
  )
}

function isMap(value: Value): value is Readonly<Record<string, Value>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function inMap(value: Value, key: string): Value {
  return isMap(value) ? value[key] : undefined
}

function listOf(value: Value): readonly Value[] {
  if (value === undefined || value === null) return []
  return Array.isArray(value) ? value : [value]
}

function textOf(value: Value): string | null {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : null
}
