import {
  CELERY,
  DAPHNE,
  GUNICORN,
  type Names,
  type Option,
  type Words,
  ofCommands,
  optionsOf,
} from './command-words.ts'
import { isDockerfile } from './compose-values.ts'
import type { Files, Lay } from './files.ts'

function inForm(names: Names, form: (option: Option) => Words): (words: Words) => Words | null {
  return ([program = '', ...rest]) => {
    const options = optionsOf(rest, names)
    return options === null ? null : [program, ...options.flatMap(form)]
  }
}

function long(names: Names, equals: boolean): (words: Words) => Words | null {
  return inForm(names, ({ name, value }) => {
    if (name === null) return [value ?? '']
    const whole = names[name] ?? name
    if (value === null) return [whole]
    return equals && whole.startsWith('--') ? [`${whole}=${value}`] : [whole, value]
  })
}

function short(names: Names, glued: boolean): (words: Words) => Words | null {
  const shorts = new Map(Object.entries(names).map(([letter, word]) => [word, letter]))
  return inForm(names, ({ name, value }) => {
    if (name === null) return [value ?? '']
    const letter = shorts.get(name) ?? name
    if (value === null) return [letter]
    if (letter.startsWith('--')) return [letter, value]
    return glued ? [letter + value] : [letter, value]
  })
}

/** What is no option first, or last. */
function placed(isFirst: boolean): (words: Words) => Words | null {
  return ([program = '', ...rest]) => {
    const options = optionsOf(rest, GUNICORN)
    if (options === null) return null
    const own = options.filter(({ name }) => name === null).map(({ value }) => value ?? '')
    const others = options
      .filter(({ name }) => name !== null)
      .flatMap(({ name, value }) => (value === null ? [name ?? ''] : [name ?? '', value]))
    return isFirst ? [program, ...own, ...others] : [program, ...others, ...own]
  }
}

function asModule(name: string): Lay {
  return ofCommands(name, ([program = '', ...rest]) => {
    const directory = program.slice(0, program.lastIndexOf('/') + 1)
    return [`${directory}python${/^\/usr\//.test(directory) ? '3' : ''}`, '-m', name, ...rest]
  })
}

function address(change: (value: string) => string): Lay {
  return ofCommands(
    'gunicorn',
    inForm(GUNICORN, ({ name, value }) => {
      if (name === null) return [value ?? '']
      if (value === null) return [name]
      return [name, name === '-b' || name === '--bind' ? change(value) : value]
    }),
  )
}

/** A tool that starts a program of the project, named without its path. */
function runBy(...tool: Words): Lay {
  return files => {
    let laid: Files | null = null
    for (const name of ['gunicorn', 'uvicorn', 'celery', 'daphne', 'hypercorn']) {
      const changed = ofCommands(name, words => (words[0] === name ? [...tool, ...words] : null))(
        laid ?? files,
      )
      laid = changed ?? laid
    }
    return laid
  }
}

/** The options of gunicorn as lines of its configuration in Python. */
function pythonOf(options: readonly Option[]): string | null {
  const lines = options.map(({ name, value }) => {
    const setting = SETTINGS[GUNICORN[name ?? ''] ?? name ?? '']
    if (setting === undefined) return null
    if (value === null) return `${setting} = True`
    return /^\d+$/.test(value) && setting !== 'umask'
      ? `${setting} = ${value}`
      : `${setting} = ${JSON.stringify(value)}`
  })
  const binds = options.filter(({ name }) => name === '-b' || name === '--bind')
  return lines.includes(null) || binds.length > 1 ? null : `${lines.join('\n')}\n`
}

const SETTINGS: Names = {
  '--bind': 'bind',
  '--workers': 'workers',
  '--worker-class': 'worker_class',
  '--timeout': 'timeout',
  '--threads': 'threads',
  '--keep-alive': 'keepalive',
  '--graceful-timeout': 'graceful_timeout',
  '--max-requests': 'max_requests',
  '--forwarded-allow-ips': 'forwarded_allow_ips',
  '--preload': 'preload_app',
  '--user': 'user',
  '--group': 'group',
  '--umask': 'umask',
  '--access-logfile': 'accesslog',
  '--error-logfile': 'errorlog',
  '--limit-request-line': 'limit_request_line',
  '--limit-request-field_size': 'limit_request_field_size',
  '--pid': 'pidfile',
  '--chdir': 'chdir',
  '--proxy-protocol': 'proxy_protocol',
  '--certfile': 'certfile',
  '--keyfile': 'keyfile',
}

/** What gunicorn reads by itself in the directory of a unit, or the file that it is told of. */
function configured(place: (directory: string) => string, isNamed: boolean): Lay {
  return files => {
    const units = Object.entries(files).filter(
      ([path, text]) => path.endsWith('.service') && /gunicorn/.test(text),
    )
    const [path, text] = units[0] ?? []
    if (path === undefined || text === undefined || units.length > 1) return null
    const directory = /^WorkingDirectory=\/([\w./-]+)$/m.exec(text)?.[1]
    const [, program, given] = /^ExecStart=(\S*\/gunicorn) ([^"'\\\n$%]*)$/m.exec(text) ?? []
    if (directory === undefined || given === undefined || /[ \n]-?-c|--config/.test(given)) return null
    const options = optionsOf(given.trim().split(/ +/), GUNICORN)
    const settings = options?.filter(({ name }) => name !== null) ?? []
    const python = settings.length === 0 ? null : pythonOf(settings)
    const config = place(directory)
    if (python === null || options === null || files[config] !== undefined) return null
    const rest = options.filter(({ name }) => name === null).map(({ value }) => value ?? '')
    const words = [program, ...(isNamed ? ['-c', `/${config}`] : []), ...rest]
    return {
      ...files,
      [path]: text.replace(/^ExecStart=.*$/m, `ExecStart=${words.join(' ')}`),
      [config]: python,
    }
  }
}

/** All options in the variable that gunicorn reads. */
const gunicornVariable: Lay = files => {
  let isChanged = false
  const laid = Object.entries(files).map(([path, text]) => {
    if (!path.endsWith('.service') && !isDockerfile(path)) return [path, text] as const
    const changed = text.replace(
      /^(ExecStart=\S*\/gunicorn|CMD gunicorn) ([^"'\\\n$%&|;]*)$/m,
      (whole, head: string, given: string) => {
        const options = optionsOf(given.trim().split(/ +/), GUNICORN)
        const own = options?.filter(({ name }) => name === null).map(({ value }) => value ?? '') ?? []
        const moved = options?.filter(({ name }) => name !== null) ?? []
        if (moved.length === 0) return whole
        const value = moved.map(({ name, value }) => (value === null ? name : `${name} ${value}`)).join(' ')
        const line = isDockerfile(path)
          ? `ENV GUNICORN_CMD_ARGS="${value}"`
          : `Environment="GUNICORN_CMD_ARGS=${value}"`
        return `${line}\n${head} ${own.join(' ')}`
      },
    )
    isChanged ||= changed !== text
    return [path, changed] as const
  })
  return isChanged ? Object.fromEntries(laid) : null
}

/** The command as the script `start` of `package.json`. */
function byPackage(...tool: Words): Lay {
  return files => {
    const [path, ...others] = Object.keys(files).filter(each => /(?:^|\/)package\.json$/.test(each))
    const description = path === undefined || others.length > 0 ? null : packageOf(files[path] ?? '')
    if (path === undefined || description === null || description.scripts?.start !== undefined) return null
    const commands = new Set<string>()
    const laid = ofCommands('node', words => {
      const program = words[0] ?? ''
      commands.add(['node', ...words.slice(1)].join(' '))
      return [program.slice(0, program.lastIndexOf('/') + 1) + (tool[0] ?? ''), ...tool.slice(1)]
    })(files)
    const [command, ...different] = commands
    if (laid === null || command === undefined || different.length > 0) return null
    const scripts = { ...description.scripts, start: command }
    return { ...laid, [path]: `${JSON.stringify({ ...description, scripts }, null, 2)}\n` }
  }
}

function packageOf(text: string): { readonly scripts?: Readonly<Record<string, string>> } | null {
  try {
    return JSON.parse(text) as { readonly scripts?: Readonly<Record<string, string>> }
  } catch {
    return null
  }
}

const nodeOptions = ofCommands('node', ([program = '', ...rest]) => [
  program,
  '--enable-source-maps',
  ...rest,
])

const daphneEndpoint = ofCommands('daphne', words => {
  const options = optionsOf(words.slice(1), DAPHNE)
  const get = (one: string, other: string) =>
    options?.find(({ name }) => name === one || name === other)?.value
  const port = get('-p', '--port')
  if (options === null || typeof port !== 'string' || get('-u', '--unix-socket') !== undefined) return null
  const others = options.filter(({ name }) => !/^(?:-[bp]|--bind|--port)$/.test(name ?? ''))
  const host = get('-b', '--bind') ?? '127.0.0.1'
  return [
    words[0] ?? '',
    '-e',
    `tcp:port=${port}:interface=${host}`,
    ...others.flatMap(({ name, value }) => [name, value].filter(each => each !== null)),
  ]
})

export const commandSpellings: Readonly<Record<string, Lay>> = {
  gunicornLong: ofCommands('gunicorn', long(GUNICORN, false)),
  gunicornEquals: ofCommands('gunicorn', long(GUNICORN, true)),
  gunicornShort: ofCommands('gunicorn', short(GUNICORN, false)),
  gunicornGlued: ofCommands('gunicorn', short(GUNICORN, true)),
  gunicornFirst: ofCommands('gunicorn', placed(true)),
  gunicornLast: ofCommands('gunicorn', placed(false)),
  gunicornModule: asModule('gunicorn'),
  gunicornAny: address(value => value.replace(/^0\.0\.0\.0:/, ':')),
  gunicornSix: address(value => value.replace(/^0\.0\.0\.0:/, '[::]:')),
  gunicornUnix: address(value => value.replace(/^unix:(?=\/(?!\/))/, 'unix://')),
  gunicornTcp: address(value => value.replace(/^(?=\d+\.\d+\.\d+\.\d+:)/, 'tcp://')),
  gunicornConfig: configured(directory => `${directory}/gunicorn.conf.py`, false),
  gunicornNamed: configured(() => 'etc/gunicorn/site.py', true),
  gunicornVariable,
  uvicornEquals: ofCommands('uvicorn', long({}, true)),
  uvicornBlank: ofCommands('uvicorn', long({}, false)),
  uvicornModule: asModule('uvicorn'),
  celeryLong: ofCommands('celery', long(CELERY, true)),
  celeryShort: ofCommands('celery', short(CELERY, false)),
  celeryModule: asModule('celery'),
  daphneLong: ofCommands('daphne', long(DAPHNE, false)),
  daphneEndpoint,
  poetryRun: runBy('poetry', 'run'),
  uvRun: runBy('uv', 'run'),
  uvRunFrozen: runBy('uv', 'run', '--no-sync'),
  pipenvRun: runBy('pipenv', 'run'),
  npmStart: byPackage('npm', 'start'),
  npmRunStart: byPackage('npm', 'run', 'start'),
  yarnStart: byPackage('yarn', 'start'),
  nodeOptions,
}
