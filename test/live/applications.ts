import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import {
  DJANGO_DEFAULTS,
  REPORTING_APPLICATION,
  REPORTING_ASGI_APPLICATION,
} from './reporting-application.ts'
import { APPLICATIONS, type Service } from './service.ts'

/** A directory for Python's search path, with what a project of Django has and an example leaves out. */
const DEFAULTS = '/opt/defaults'

/**
 * Makes what the commands of services name and no file of the example is, below `root`: the program in a
 * virtual environment, the directory, and the application, which reports the request that it gets. Returns
 * the services as they can be started.
 */
export function supplyApplications(
  services: readonly Service[],
  files: Readonly<Record<string, string>>,
  root = '/',
): readonly Service[] {
  const isDjango = Object.keys(files).some(path => path.endsWith('/settings.py'))
  if (isDjango) writeAll(join(root, DEFAULTS), DJANGO_DEFAULTS)
  return services.map(service => {
    const { command, directory = APPLICATIONS, environment = {} } = service
    mkdirSync(join(root, directory), { recursive: true })
    for (const [path = ''] of command.matchAll(/(?<=^|\s)\/\S+\/bin\/\S+/g)) linkProgram(root, path)
    const ini = /--ini (\S+)/.exec(command)?.[1]
    const text = ini === undefined ? command : `uwsgi ${files[ini] ?? ''}`
    const module = moduleOf(text)
    if (module !== null) supplyModule(join(root, directory), module, /uvicorn/i.test(command))
    return {
      ...service,
      directory,
      environment: isDjango ? { PYTHONPATH: DEFAULTS, ...environment } : environment,
    }
  })
}

function linkProgram(root: string, path: string): void {
  if (existsSync(join(root, path))) return
  mkdirSync(join(root, dirname(path)), { recursive: true })
  symlinkSync(`/usr/bin/${basename(path)}`, join(root, path))
}

/** The dotted name of the module that a command, or a file of uWSGI, loads. */
function moduleOf(text: string): string | null {
  if (text.startsWith('uwsgi ')) return /^\s*(?:module|wsgi)\s*=\s*([\w.]+)/m.exec(text)?.[1] ?? null
  if (!/(?:gunicorn|uvicorn)/.test(text)) return null
  const named = /\s["']?([A-Za-z_][\w.]*):[A-Za-z_]/.exec(text) ?? /\s([A-Za-z_][\w.]*)\s*$/.exec(text)
  return named?.[1] ?? null
}

function supplyModule(directory: string, module: string, isAsgi: boolean): void {
  const [top = ''] = module.split('.')
  if (existsSync(join(directory, top)) || existsSync(join(directory, `${top}.py`))) return
  const text = isAsgi ? REPORTING_ASGI_APPLICATION : `${REPORTING_APPLICATION}\n\napp = application\n`
  writeAll(directory, { [`${module.replaceAll('.', '/')}.py`]: text })
}

function writeAll(directory: string, files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, name)), { recursive: true })
    writeFileSync(join(directory, name), text)
  }
}
