import type { Lay } from './files.ts'

/** A file of settings, and the package in which it stands. */
export const SETTINGS = /^((?:.*\/)?(\w+))\/settings\.py$/

/** An assignment of one line, and of a text, a number, a boolean or a list. */
export const PLAIN = /^([A-Z][A-Z0-9_]*) = ((?:"[^"\\]*"|True|False|0|[1-9]\d*|\[(?:"[^"\\]*"(?:, )?)+\]))$/gm

interface Reading {
  readonly head: string
  /** @param value as it is written */
  readonly read: (variable: string, value: string) => string
}

/** What nobody leaves to the environment. */
const OF_CODE = /^(?:INSTALLED_APPS|MIDDLEWARE.*|ROOT_URLCONF|AUTHENTICATION_BACKENDS)$/

/** Each plain value is read of a variable that nothing sets, and is its default. */
function readingEnvironment({ head, read }: Reading): Lay {
  return files => {
    const [path, ...others] = Object.keys(files).filter(each => SETTINGS.test(each))
    const text = path === undefined ? '' : (files[path] ?? '')
    if (path === undefined || others.length > 0) return null
    const changed = text
      .replace(PLAIN, (all, name, value) =>
        isListed(value) && !OF_CODE.test(name) ? `${name} = ${read(`OUR_${name}`, value)}` : all,
      )
      .replace(
        /"(NAME|HOST|USER|PASSWORD|LOCATION)": ("[^"\\]*")(?=[,}])/g,
        (_, name, value) => `"${name}": ${read(`OUR_DB_${name}`, value)}`,
      )
    return changed === text ? null : { ...files, [path]: `${head}\n${changed}` }
  }
}

/** A text of which commas part the items. */
function isListed(value: string): boolean {
  return (
    !value.startsWith('[') || [...value.matchAll(/"([^"]*)"/g)].every(([, item]) => !/[, ]/.test(item ?? ''))
  )
}

function joined(value: string): string {
  return `"${[...value.matchAll(/"([^"]*)"/g)].map(([, item]) => item).join(',')}"`
}

const ofOs: Reading = {
  head: 'import os',
  read: (variable, value) => {
    const name = `os.getenv("${variable}", `
    if (value.startsWith('[')) return `${name}${joined(value)}).split(",")`
    if (value.startsWith('"')) return `${name}${value})`
    return /^\d/.test(value)
      ? `int(${name}"${value}"))`
      : `${name}"${value}").lower() in ("true", "1", "yes")`
  },
}

const ofEnviron: Reading = {
  head: 'import environ\n\nenv = environ.Env()',
  read: (variable, value) => {
    const method = value.startsWith('[')
      ? '.list'
      : value.startsWith('"')
        ? ''
        : /^\d/.test(value)
          ? '.int'
          : '.bool'
    return `env${method}("${variable}", default=${value})`
  },
}

const ofDecouple: Reading = {
  head: 'from decouple import config, Csv',
  read: (variable, value) => {
    const name = `config("${variable}", default=`
    if (value.startsWith('[')) return `${name}${joined(value)}, cast=Csv())`
    if (value.startsWith('"')) return `${name}${value})`
    return `${name}${value}, cast=${/^\d/.test(value) ? 'int' : 'bool'})`
  },
}

/** The same, and the variables are in a `.env` beside the project. */
function readingFile({ head, read }: Reading): Lay {
  return files => {
    const [path, ...others] = Object.keys(files).filter(each => SETTINGS.test(each))
    if (path === undefined || others.length > 0) return null
    const dotenv = [...path.split('/').slice(0, -2), '.env'].join('/')
    const text = files[path] ?? ''
    if (/\.env\b/.test(JSON.stringify(files)) || /BASE_DIR|"""|^\{%/m.test(text)) return null
    const lines: string[] = []
    const changed = text.replace(PLAIN, (all, name: string, value: string) => {
      const plain = value.startsWith('[') ? joined(value).slice(1, -1) : value.replaceAll('"', '')
      if (OF_CODE.test(name) || !isListed(value) || /[\s#$'%]/.test(plain) || plain === '') return all
      lines.push(`OUR_${name}=${plain}\n`)
      return `${name} = ${read(`OUR_${name}`, value)}`
    })
    // A name that is set twice would be read twice.
    const isTwice = new Set(lines.map(line => line.split('=')[0])).size < lines.length
    return lines.length === 0 || isTwice
      ? null
      : { ...files, [path]: `${head}\n${changed}`, [dotenv]: lines.join('') }
  }
}

const DEFAULT = /, default=(?:"[^"]*"|\[[^\]]*\]|\w+)|(?<=getenv\("\w+"), "?[^")]*"?(?=\))/

function withoutDefault({ head, read }: Reading, more: string): Reading {
  return {
    head: `${head}\n${more}`,
    read: (variable, value) => read(variable, value).replace(DEFAULT, ''),
  }
}

const BASE = 'from pathlib import Path\nBASE_DIR = Path(__file__).resolve().parent.parent'

/** Values that are read of the environment: by Python itself and by the libraries that people have for it. */
export const environmentSpellings: Readonly<Record<string, Lay>> = {
  settingsGetenv: readingEnvironment(ofOs),
  settingsEnviron: readingEnvironment(ofEnviron),
  settingsDecouple: readingEnvironment(ofDecouple),
  dotenvEnviron: readingFile(withoutDefault(ofEnviron, `${BASE}\nenviron.Env.read_env(BASE_DIR / ".env")`)),
  dotenvEnvironPath: readingFile(
    withoutDefault(ofEnviron, `import os\n${BASE}\nenv.read_env(os.path.join(BASE_DIR, ".env"))`),
  ),
  dotenvDecouple: readingFile(withoutDefault(ofDecouple, '')),
  dotenvLoaded: readingFile(withoutDefault(ofOs, 'from dotenv import load_dotenv\n\nload_dotenv()')),
  dotenvLoadedPath: readingFile(
    withoutDefault(ofOs, `from dotenv import load_dotenv\n${BASE}\nload_dotenv(BASE_DIR / ".env")`),
  ),
}
