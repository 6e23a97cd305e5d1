import type { Application, Deployment, NginxServer } from '../../src/deployment/model.ts'
import { type DirectoryOfUrl, directoryOfUrl } from '../../src/deployment/django/static-settings.ts'
import { frontsOf } from '../../src/deployment/fronts-of.ts'

/** Where a site keeps what its clients upload. */
export interface Uploads extends DirectoryOfUrl {
  readonly application: Application
}

/** `MEDIA_URL` and `MEDIA_ROOT` of the applications behind each server of nginx, where both are known. */
export function uploadUrls(deployment: Deployment): ReadonlyMap<NginxServer, readonly Uploads[]> {
  const byServer = new Map<NginxServer, Uploads[]>()
  for (const application of deployment.applications) {
    const { alias } = application
    const settings = deployment.pythonOf(application)?.settings ?? null
    const media = settings === null ? null : directoryOfUrl(settings, 'MEDIA')
    if (media === null || !alias.path.known || alias.path.value !== '/') continue
    for (const server of frontsOf(deployment, application).keys()) {
      const known = byServer.get(server)
      if (known === undefined) byServer.set(server, [{ ...media, application }])
      else known.push({ ...media, application })
    }
  }
  return byServer
}
