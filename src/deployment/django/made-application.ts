import type { AppServer } from '../../../parsers/app-server/app-server.ts'
import type { LoadedModule } from './loaded-module.ts'

/**
 * The last part of the name of what is called to make the application that a server takes, through a function of the
 * same module that makes it: `FastAPI` of `api:app` with `app = create_app()`, and of `api:create_app()`. Null where the
 * module does more than one thing with it.
 */
export function madeApplication(
  { script, attribute }: LoadedModule,
  { program, settings }: Pick<AppServer, 'program' | 'settings'>,
): string | null {
  const name = attribute ?? (program === 'gunicorn' ? 'application' : null)
  if (script === null || script.open || name === null) return null
  const [, factory] = /^(\w+)\s*\(.*\)$/.exec(name) ?? []
  const isFactory = factory !== undefined || settings.has('factory')
  const made = script.made.get(isFactory ? `${factory ?? name}()` : name)
  return (made === undefined ? null : (script.made.get(`${made}()`) ?? made))?.replace(/^.*\./, '') ?? null
}
