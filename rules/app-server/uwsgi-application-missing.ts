import { posix } from 'node:path'
import { isUwsgi, type UwsgiServer } from '../../parsers/app-server/uwsgi.ts'
import { isUnknownWord, type Place } from '../../parsers/text/source.ts'
import { isAbsent } from '../../src/deployment/is-absent.ts'
import type { AppServerProgram, Deployment } from '../../src/deployment/model.ts'
import { programsOfKind } from '../../src/deployment/programs-of-kind.ts'
import type { FileSystem } from '../../src/files/file-system.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { requestParameters } from '../../src/servers/nginx/queries/request-headers.ts'
import { nginxMain, nginxServer } from '../_examples.ts'
import { uwsgiApplication } from './_examples.ts'

const tree = (lines: string): Record<string, string> => ({
  ...uwsgiApplication(conf`
    plugins = python3
    ${lines}
  `),
  'etc/shop/web/__init__.py': '',
  'etc/shop/web/wsgi.py': APPLICATION,
})
const APPLICATION = /* @__PURE__ */ conf`
  def application(environ, start_response):
      start_response("200 OK", [("Content-Type", "text/plain")])
      return [environ["PATH_INFO"].encode()]
`
const mounted = (lines: string, location = ''): Record<string, string> => ({
  ...tree(conf`
    chdir = /etc/shop
    «mount = /shop=web.wsgi:application»
    ${lines}
  `),
  'etc/nginx/nginx.conf': nginxMain(
    nginxServer(conf`
      location /shop/ {
          include /etc/nginx/uwsgi_params;
          ${location}
          uwsgi_pass unix:/run/uwsgi-shop/shop.sock;
      }
    `),
  ),
})

export default defineRule({
  summary: 'uWSGI does not have its application where it looks for it',
  severity: 'error',
  otherSeverities: { warning: 'where `mount` leaves its prefix in the path' },
  confidence: 'high',
  since: '0.1.0',
  why: '`module` is imported by its dotted name, `wsgi-file` is opened as a file, below `chdir` where it has no slash at its beginning. With the one in place of the other, or a file that is not there, uWSGI starts all the same, says `no app loaded. going in full dynamic mode`, and answers every request with 500. Without its `chdir` it does not start. `mount` names the application of a path, and changes nothing of what it is told: without `manage-script-name` the prefix stays in `PATH_INFO`, `SCRIPT_NAME` is empty, and the application finds no page of that name.',
  remedy: 'Write `module = shop.wsgi:application`, or `wsgi-file = shop/wsgi.py`',
  references: [
    'https://uwsgi-docs.readthedocs.io/en/latest/WSGIquickstart.html',
    'https://uwsgi-docs.readthedocs.io/en/latest/Options.html#manage-script-name',
  ],
  bad: [
    {
      title: 'a path for a module',
      files: tree(conf`
        chdir = /etc/shop
        module = «web/wsgi.py»
      `),
    },
    {
      title: 'a module for a file',
      files: tree(conf`
        chdir = /etc/shop
        wsgi-file = «web.wsgi:application»
      `),
    },
    {
      title: 'a file with the name of its application',
      files: tree(conf`
        chdir = /etc/shop
        wsgi-file = «web/wsgi.py:application»
      `),
    },
    {
      title: 'a file that lies in a directory below',
      files: tree(conf`
        chdir = /etc/shop
        wsgi-file = «wsgi.py»
      `),
    },
    {
      title: 'a directory that is not there',
      files: tree(conf`
        chdir = «/etc/shpo»
        module = web.wsgi
      `),
    },
    { title: 'a mount whose prefix stays', files: mounted('') },
  ],
  good: [
    {
      title: 'a module',
      files: tree(conf`
        chdir = /etc/shop
        module = web.wsgi:application
      `),
    },
    {
      title: 'a file',
      files: tree(conf`
        chdir = /etc/shop
        wsgi-file = web/wsgi.py
        callable = application
      `),
    },
    { title: 'a file of a directory that nobody has here', files: tree('wsgi-file = /srv/shop/wsgi.py') },
    {
      title: 'a file that a placeholder names',
      files: tree(conf`
        project = web
        chdir = /etc/shop
        wsgi-file = %(project)/wsgi.py
      `),
    },
    { title: 'a mount that takes its prefix away', files: mounted('manage-script-name = true') },
    {
      title: 'a mount whose prefix nginx names',
      files: mounted(
        '',
        conf`
          uwsgi_param SCRIPT_NAME /shop;
          uwsgi_modifier1 30;
        `,
      ),
    },
    {
      title: 'a mount at the root',
      files: tree(conf`
        chdir = /etc/shop
        mount = /=web.wsgi:application
      `),
    },
  ],
  *check(deployment) {
    for (const program of programsOfKind(deployment, 'app-server')) {
      const { server } = program
      if (!isUwsgi(server)) continue
      const fault = directoryMissing(program, server) ?? moduleOfPath(server) ?? fileMissing(program, server)
      if (fault !== null) yield fault
      yield* prefixLeft(deployment, program, server)
    }
  },
})

interface Fault {
  readonly at: Place
  readonly message: string
  readonly label: string
  readonly help?: string
}

function filesOf({ machine }: AppServerProgram): FileSystem {
  return machine.container?.files ?? machine.files
}

function textOf(
  { settings }: UwsgiServer,
  name: string,
): { readonly text: string; readonly at: Place } | null {
  const fact = settings.get(name)
  if (fact?.known !== true || fact.at === null) return null
  const text = String(fact.value)
  return text === '' || isUnknownWord(text) || /[%$@"'\s]/.test(text) ? null : { text, at: fact.at }
}

function directoryMissing(program: AppServerProgram, server: UwsgiServer): Fault | null {
  const directory = textOf(server, 'chdir')
  if (directory === null || !isAbsent(filesOf(program), directory.text)) return null
  return {
    at: directory.at,
    message: 'uWSGI does not start: chdir(): No such file or directory',
    label: 'no such directory',
  }
}

function moduleOfPath(server: UwsgiServer): Fault | null {
  const module = textOf(server, 'module')
  const [name = ''] = module?.text.split(':') ?? []
  // What has a scheme is loaded by a plugin of another name.
  if (module === null || !name.includes('/') || module.text.includes('://')) return null
  return {
    at: module.at,
    message: `\`${name}\` is a path, and uWSGI imports a module, so it answers every request with 500: ModuleNotFoundError`,
    label: 'no name of a module',
    help: name.startsWith('/')
      ? `Write \`wsgi-file = ${name}\``
      : `Write \`${module.text
          .replace(/\.py(?=:|$)/, '')
          .replace(/^\.\//, '')
          .replaceAll('/', '.')}\``,
  }
}

function fileMissing(program: AppServerProgram, server: UwsgiServer): Fault | null {
  const file = textOf(server, 'wsgi-file')
  if (file === null || server.settings.has('module') || file.text.includes('://')) return null
  const { text, at } = file
  const harm = 'so uWSGI answers every request with 500: no app loaded'
  const [, path, callable] = /^([^:]+\.(?:py|wsgi)):([A-Za-z_]\w*)$/.exec(text) ?? []
  if (path?.endsWith('.py') === true)
    return {
      at,
      message: `no file is called \`${text}\`, ${harm}`,
      label: 'a file and a name',
      help: `Write \`wsgi-file = ${path}\`, and \`callable = ${callable}\``,
    }
  if (/^[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+:[A-Za-z_]\w*$/.test(text))
    return {
      at,
      message: `\`${text}\` is the name of a module, and \`wsgi-file\` opens a file, ${harm}`,
      label: 'no path of a file',
      help: `Write \`module = ${text}\``,
    }
  const { directory } = server
  const base = directory?.known === true ? directory.value : null
  if (base === null && !text.startsWith('/')) return null
  const files = filesOf(program)
  const whole = posix.resolve(base ?? '/', text)
  if (files.kind(whole) !== null) return null
  const near = nearby(files, whole)
  if (near === null && !isAbsent(files, whole)) return null
  return {
    at,
    message: `no file is at \`${whole}\`, ${harm}`,
    label: 'no such file',
    ...(near !== null && {
      help: `Write \`${text.startsWith('/') || base === null ? near : posix.relative(base, near)}\``,
    }),
  }
}

/** The one file of this name in a directory beside it or below, where its own directory can be listed. */
function nearby(files: FileSystem, path: string): string | null {
  const directory = posix.dirname(path)
  const name = posix.basename(path)
  const entries = files.list(directory)
  if (entries === null || entries.length === 0) return null
  const found = entries
    .filter(({ kind }) => kind === 'directory')
    .slice(0, 50)
    .map(each => posix.join(directory, each.name, name))
    .filter(each => files.kind(each) === 'file')
  return found.length === 1 ? (found[0] ?? null) : null
}

/** `mount` of a path below the root, which stays in `PATH_INFO` unless uWSGI or nginx takes it away. */
function* prefixLeft({ connections }: Deployment, program: AppServerProgram, server: UwsgiServer) {
  const { complete, settings, options, mounts } = server
  if (
    !complete ||
    settings.has('manage-script-name') ||
    options.some(({ name }) => /^(?:final-)?route/.test(name))
  )
    return
  const here = connections.nginx.filter(({ targets }) =>
    targets.some(({ to }) => to.kind === 'listener' && to.listener.program === program),
  )
  if (here.length === 0) return
  for (const { block, pass, server: site } of here) {
    const sent = requestParameters(site.configuration, block, 'uwsgi')
    const isTold =
      pass.name !== 'uwsgi_pass' ||
      !sent.known ||
      !sent.value.complete ||
      sent.value.headers.some(({ name }) => name === 'SCRIPT_NAME' || name === 'UWSGI_SCRIPT')
    if (isTold || block.children.some(({ name }) => name === 'rewrite')) return
  }
  for (const { path, at } of mounts) {
    if (!path.known || !/^\/[\w./-]*[\w-]$/.test(path.value)) continue
    yield {
      at,
      severity: 'warning' as const,
      message: `without \`manage-script-name\` uWSGI leaves \`${path.value}\` in \`PATH_INFO\`, and the application looks for a page of this name`,
      label: 'stays in the path',
      help: 'Add `manage-script-name = true`',
    }
  }
}
