import {
  COMPOSE,
  type Mapping,
  type Value,
  beside,
  changedList,
  isMap,
  isTexts,
  ofEachService,
  ofFiles,
  present,
  composeValue,
  written,
} from './compose-values.ts'
import { baseName, type Files, type Lay } from './files.ts'
/** All of a service in an extension field, merged into it. */
const composeMerged = ofFiles((file, path, files) => {
  const services = Object.entries(file.services as Mapping)
  if (!services.every(([, service]) => isMap(service) && Object.keys(service).length > 0)) return null
  const { services: _, ...rest } = file
  const fields = services.map(([name, service]) =>
    written({ [`x-${name}`]: service }).replace(/^.*/, `x-${name}: &${name}`),
  )
  const merged = services.map(([name]) => `  ${name}:\n    <<: *${name}\n`)
  const others = Object.keys(rest).length === 0 ? '' : written(rest)
  return { ...files, [path]: `${fields.join('\n')}\nservices:\n${merged.join('')}${others}` }
})

/** What several services may share, in another file. */
const composeExtends = ofFiles((file, path, files) => {
  const base: Record<string, Mapping> = {}
  const services = Object.entries(file.services as Mapping).map(([name, service]) => {
    if (!isMap(service) || service.extends !== undefined) return [name, service] as const
    const { image, build, command, environment, volumes, ...own } = service
    const shared = present({ image, build, command, environment, volumes })
    if (Object.keys(shared).length === 0) return [name, service] as const
    base[name] = shared
    return [name, { extends: { file: 'common.yml', service: name }, ...own }] as const
  })
  if (Object.keys(base).length === 0) return null
  return {
    ...files,
    [path]: written({ ...file, services: Object.fromEntries(services) }),
    [beside(path, 'common.yml')]: written({ services: base }),
  }
})

/** What compose lays over the file by itself. */
const composeOverride = ofFiles((file, path, files) => {
  const match = /^(?<stem>(?:docker-)?compose)\.(?<ending>ya?ml)$/.exec(baseName(path))
  if (match === null) return null
  const over: Record<string, Mapping> = {}
  const services = Object.entries(file.services as Mapping).map(([name, service]) => {
    if (!isMap(service)) return [name, service] as const
    const { ports, environment, command, volumes, ...own } = service
    const moved = present({ ports, environment, command, volumes })
    if (Object.keys(moved).length === 0 || Object.keys(own).length === 0) return [name, service] as const
    over[name] = moved
    return [name, own] as const
  })
  const name = `${match[1]}.override.${match[2]}`
  if (Object.keys(over).length === 0 || files[beside(path, name)] !== undefined) return null
  return {
    ...files,
    [path]: written({ ...file, services: Object.fromEntries(services) }),
    [beside(path, name)]: written({ services: over }),
  }
})

const composeEnvFile = ofEachFile((service, name) => {
  const entries = variablesOf(service.environment)
  if (entries === null || service.env_file !== undefined) return null
  const { environment: _, ...rest } = service
  const lines = entries.map(([variable, value]) => `${variable}=${value}\n`).join('')
  return { service: { ...rest, env_file: [`./${name}.env`] }, path: `${name}.env`, text: lines }
})

function ofEachFile(
  change: (
    service: Mapping,
    name: string,
  ) => { readonly service: Mapping; readonly path: string; readonly text: string } | null,
): Lay {
  return files => {
    const more: Record<string, string> = {}
    const laid = ofEachService((service, _, directory, name) => {
      const changed = change(service, name)
      if (changed === null || files[directory + changed.path] !== undefined) return null
      more[directory + changed.path] = changed.text
      return changed.service
    })(files)
    return laid === null ? null : { ...laid, ...more }
  }
}

/** Variables that a file holds as they are. */
function variablesOf(value: Value): readonly (readonly [name: string, value: string])[] | null {
  const entries = isTexts(value)
    ? value.map(each => [
        each.split('=', 1)[0] ?? '',
        each.includes('=') ? each.slice(each.indexOf('=') + 1) : null,
      ])
    : isMap(value)
      ? Object.entries(value)
      : []
  const plain = entries.flatMap(([name, each]) =>
    typeof name === 'string' && /^[\w:/.@,-]+$/.test(String(each)) && each !== null
      ? [[name, String(each)] as const]
      : [],
  )
  return entries.length === 0 || plain.length < entries.length ? null : plain
}

/** A variable of the project in place of a word, which its own file has. */
const composeInterpolated: Lay = files => {
  const values: string[] = []
  const laid = interpolated(files, value => {
    values.push(value)
    return `\${SHOP_${values.length}}`
  })
  if (laid === null || files['.env'] !== undefined) return null
  const lines = values.map((value, index) => `SHOP_${index + 1}=${value}\n`).join('')
  return { ...laid, '.env': lines }
}

/** A variable that has the word where nobody sets it. */
const composeDefaults: Lay = files => {
  let index = 0
  return interpolated(files, value => `\${SHOP_${++index}:-${value}}`)
}

function interpolated(files: Files, variable: (value: string) => string): Files | null {
  if (Object.keys(files).some(path => path.includes('/') && COMPOSE.test(path))) return null
  const inText = (text: string): string => (/^[\w./:@-]+$/.test(text) ? variable(text) : text)
  const inPort = (port: Value): Value => String(port).replace(/^\d+(?=:\d+)/, variable)
  return ofEachService(service => {
    const ports = changedList(service.ports, port => (isMap(port) ? null : inPort(port)))
    const environment = isMap(service.environment)
      ? Object.fromEntries(
          Object.entries(service.environment).map(([name, value]) => [
            name,
            typeof value === 'string' ? inText(value) : value,
          ]),
        )
      : changedList(service.environment, each => String(each).replace(/(?<==)[\w./:@-]+$/, variable))
    if (ports === null && environment === null) return null
    return {
      ...service,
      ...(ports !== null && { ports }),
      ...(environment !== null && { environment }),
    }
  })(files)
}

/** The file in a directory of its own, what it names beside that. */
const composeInDeploy: Lay = files => {
  const path = Object.keys(files).find(each => COMPOSE.test(each))
  if (path === undefined || path.includes('/') || files['.env'] !== undefined) return null
  const up = (value: string): string => value.replace(/^\.\/?(?=\w|$)/, '../').replace(/^\.\.\/$/, '..')
  const upFile = (value: Value): Value =>
    typeof value === 'string' ? (value.startsWith('/') ? value : `../${value.replace(/^\.\//, '')}`) : value
  const named = ofEachService(service => {
    const build =
      typeof service.build === 'string'
        ? `../${service.build.replace(/^\.\/?/, '')}`.replace(/\/$/, '')
        : isMap(service.build)
          ? {
              ...service.build,
              context: `../${String(service.build.context ?? '.').replace(/^\.\/?/, '')}`.replace(/\/$/, ''),
            }
          : undefined
    const volumes = changedList(service.volumes, each => {
      if (!isMap(each)) return up(String(each))
      return each.type === 'bind' ? { ...each, source: up(String(each.source)) } : null
    })
    const { env_file: file } = service
    if (isMap(file) || (Array.isArray(file) && file.some(isMap)) || service.extends !== undefined) return null
    return {
      ...service,
      ...(build !== undefined && { build }),
      ...(volumes !== null && { volumes }),
      ...(file !== undefined && { env_file: Array.isArray(file) ? file.map(upFile) : upFile(file) }),
    }
  })(files)
  const text = named?.[path]
  const file = text === undefined ? null : composeValue(text)
  if (named === null || file === null || text === undefined) return null
  if (['secrets', 'configs', 'include'].some(key => file[key] !== undefined)) return null
  if (Object.keys(files).some(each => each !== path && COMPOSE.test(each))) return null
  const { [path]: _, ...rest } = named
  return { ...rest, [`deploy/${path}`]: text }
}

const composeRenamed = named(name => (name.startsWith('docker-') ? 'compose.yaml' : 'docker-compose.yml'))
const composeProduction = named(() => 'docker-compose.prod.yml')

function named(rename: (name: string) => string): Lay {
  return files => {
    const [path, ...others] = Object.keys(files).filter(each => COMPOSE.test(each))
    if (path === undefined || others.length > 0) return null
    const { [path]: text = '', ...rest } = files
    const own = beside(path, rename(baseName(path)))
    return own === path ? null : { ...rest, [own]: text }
  }
}

/** What a compose file says, in several files or by variables. */
export const composeElsewhere: Readonly<Record<string, Lay>> = {
  composeMerged,
  composeExtends,
  composeOverride,
  composeEnvFile,
  composeInterpolated,
  composeDefaults,
  composeInDeploy,
  composeRenamed,
  composeProduction,
}
