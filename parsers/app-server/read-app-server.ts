import { posix } from 'node:path'
import { placeOf } from '../text/written-text.ts'
import type { AppCommand, AppFiles, AppServer } from './app-server.ts'
import { readDotnet, readGo, readSpring } from './built-servers.ts'
import { readDaphne } from './daphne.ts'
import { readFastapi, readFlask, readPhpServer, readRunserver } from './development-servers.ts'
import { readGranian } from './granian.ts'
import { readGunicorn } from './gunicorn.ts'
import { readHypercorn } from './hypercorn.ts'
import { readRemixServe } from './node-frameworks.ts'
import { readNext, readNode, scriptOfPackage } from './node.ts'
import { readAngular, readVite } from './node-development.ts'
import { readPuma, readRailsServer, readUnicorn } from './ruby-servers.ts'
import { unwrapCommand } from './unwrap.ts'
import { readPythonScript } from './python-script.ts'
import { readUvicorn } from './uvicorn.ts'
import { readUwsgi } from './uwsgi.ts'
import { readWaitress } from './waitress.ts'
import { programName } from './program-name.ts'

/**
 * The application server that a command starts; null where it starts another program. Wrappers in front are
 * taken away; a shell, whose script may start several, is read by `commands-of-shell.ts` before.
 */
export function readAppServer(command: AppCommand, files: AppFiles): AppServer | null {
  const unwrapped = unwrapCommand(command)
  const server = readProgram(unwrapped, files)
  if (server === null || unwrapped.user === null) return server
  // The account of the wrapper holds where the program itself does not change to another.
  return { ...server, user: server.user ?? unwrapped.user }
}

/** True for a `manage.py` that is there and no Django's: its commands, and where they listen, are its own. */
function isOfOther({ words, directory }: AppCommand, files: AppFiles): boolean {
  const [script] = words
  if (script === undefined || !script.text.endsWith('manage.py')) return false
  const path = script.text.startsWith('/')
    ? script.text
    : directory?.known === true
      ? posix.join(directory.value, script.text)
      : null
  const read = path === null ? null : files.read(path)
  return read !== null && read !== 'missing' && !/django/i.test(read.text)
}

function readProgram(command: AppCommand, files: AppFiles): AppServer | null {
  const name = programName(command.words[0])?.replace(/\.exe$/, '') ?? ''
  const behind = (count: number): AppCommand => ({ ...command, words: command.words.slice(count) })
  switch (name) {
    case 'gunicorn':
    case 'gunicorn3':
      return readGunicorn(command, files)
    case 'gunicorn_django': {
      // What it is given are the settings of Django, by their path: it makes the application itself.
      const server = readGunicorn(command, files)
      return server === null ? null : { ...server, application: null }
    }
    case 'uvicorn':
      return readUvicorn(command)
    case 'hypercorn':
      return readHypercorn(command)
    case 'daphne':
      return readDaphne(command)
    case 'waitress-serve':
    case 'waitress':
    case 'waitress-serve-3':
      return readWaitress(command)
    case 'granian':
      return readGranian(command)
    case 'uwsgi':
    case 'uwsgi-core':
      return readUwsgi(command, files)
    case 'flask':
      return hasWord(command, 'run') ? readFlask(command) : null
    case 'fastapi': {
      const mode = command.words[1]?.text
      return mode === 'run' || mode === 'dev' ? readFastapi(behind(1), mode) : null
    }
    case 'manage.py':
    case 'django-admin':
    case 'django-admin.py': {
      const at = command.words.findIndex(({ text }) => text === 'runserver' || text === 'runserver_plus')
      if (at === -1 || isOfOther(command, files)) return null
      // Flask-Script called its own command so, and Django's takes an address and no options for it.
      const isFlask = command.words
        .slice(at)
        .some(({ text }) => /^(?:-[hpdr]|--(?:host|port)(?:=.*)?)$/.test(text))
      return isFlask ? readFlask(behind(at)) : readRunserver(behind(at))
    }
    case 'node':
    case 'nodejs':
    case 'tsx':
    case 'ts-node':
    case 'nodemon':
      return readNode(command, files)
    case 'npm':
    case 'yarn':
    case 'pnpm': {
      const script = scriptOfPackage(command, files)
      // A script may run another one, and one day itself.
      const first = script?.words[0]
      if (script === null || first === undefined) return null
      const place = `${first.source.path} ${first.map.pieces[0]?.start}`
      const followed = files.scripts ?? []
      return followed.includes(place)
        ? null
        : readAppServer(script, { ...files, scripts: [...followed, place] })
    }
    case 'remix-serve':
    case 'react-router-serve':
      return readRemixServe(command)
    case 'next':
      return command.words[1]?.text === 'start' ? readNext(behind(1)) : null
    case 'puma':
      return readPuma(command, files)
    case 'unicorn':
    case 'unicorn_rails':
      return readUnicorn(command, files)
    case 'rails': {
      const verb = command.words[1]?.text
      return verb === 'server' || verb === 's' ? readRailsServer(behind(1), files) : null
    }
    case 'vite':
      return readVite(command, files)
    case 'ng':
      return readAngular(command, files)
    case 'dotnet':
      return readDotnet(command, files)
    case 'java':
      return readSpring(command, files)
    case 'npx':
    case 'bunx':
      return /^(?:vite|ng|next|remix-serve|react-router-serve)$/.test(command.words[1]?.text ?? '')
        ? readProgram(behind(1), files)
        : null
    case 'php':
      if (command.words[1]?.text === 'artisan' && command.words[2]?.text === 'serve')
        return readPhpServer(behind(2), 'artisan')
      return hasWord(command, '-S') ? readPhpServer(command, 'php') : null
    case '':
      return null
    default:
      if (name.endsWith('.py')) return readPythonScript(command, files)
      return /^uwsgi_(?:python|rack|php)\d*$/.test(name) ? readUwsgi(command, files) : readGo(command, files)
  }
}

function hasWord({ words }: AppCommand, text: string): boolean {
  return words.some(word => word.text === text)
}

/** The word that names the program, wrappers left aside, for those who only ask which it is. */
export function programOf(
  command: AppCommand,
): { readonly name: string; readonly at: ReturnType<typeof placeOf> } | null {
  const [first] = unwrapCommand(command).words
  const name = programName(first)
  return first === undefined || name === null ? null : { name, at: placeOf(first) }
}
