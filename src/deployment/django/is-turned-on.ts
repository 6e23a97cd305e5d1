import type { Deployment } from '../model.ts'

/** True where a setting is `True` in some application: of thousands of hops, none has to be looked at where it is not. */
export function isTurnedOn({ applications, pythonOf }: Deployment, name: string): boolean {
  return applications.some(application => {
    const setting = pythonOf(application)?.settings?.get(name)
    return setting?.known === true && setting.value === true
  })
}
