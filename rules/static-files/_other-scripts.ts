import type { Deployment } from '../../src/deployment/model.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { askServer } from '../../src/deployment/requests/ask-server.ts'
import type { RuleFinding } from '../../src/engine/rule.ts'
import { directivesByServer } from '../../src/servers/nginx/queries/servers.ts'
import { rootsOfSites } from '../php/_roots-of-sites.ts'

/** So many scripts of one directory are asked for. */
const MOST = 20

/** Scripts beside the front controller, where a server runs that alone and sends the others as they are. */
export function* servedBesideFront(deployment: Deployment): Iterable<RuleFinding> {
  for (const configuration of deployment.nginx) {
    const passing = directivesByServer(configuration, 'fastcgi_pass')
    if (passing.size === 0) continue
    const files = deployment.filesOf(configuration)
    for (const { home, server, path } of rootsOfSites(deployment, configuration)) {
      const [pass] = passing.get(home) ?? []
      const location = pass?.parent
      if (pass === undefined || location?.name !== 'location') continue
      const scripts = (files.list(path) ?? []).filter(
        ({ name, kind }) => kind === 'file' && /^[\w-]+\.php$/.test(name),
      )
      // Where no script of the site is run, `sourceServed` says more.
      if (!scripts.some(({ name }) => askServer(deployment, server, `/${name}`)?.end.kind === 'pass'))
        continue
      for (const { name } of scripts.slice(0, MOST)) {
        const end = askServer(deployment, server, `/${name}`)?.end
        if (end?.kind !== 'file' || end.path !== `${path}/${name}` || end.status !== 200) continue
        yield {
          at: argumentPlace(location, location.args.length - 1),
          message: `\`/${name}\` is answered with the source of \`${end.path}\`: this location does not take it, and no other one refuses it`,
          label: 'not for every script',
          help: 'Write `location ~ \\.php$ { return 404; }` behind it',
        }
        break
      }
    }
  }
}
