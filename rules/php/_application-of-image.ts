import type { Container } from '../../src/deployment/containers/container.ts'
import type { Deployment, NginxServer } from '../../src/deployment/model.ts'
import { documentRoot } from './_script-directory.ts'

/**
 * Images for PHP-FPM whose start script puts an application into the directory that they share with nginx, and where
 * that has its start page.
 *
 * @see https://github.com/docker-library/wordpress/blob/master/docker-entrypoint.sh
 */
const IMAGES: readonly (readonly [reference: RegExp, application: string, roots: readonly string[]])[] = [
  [/^wordpress:(?!cli)\S*\bfpm\b/, 'WordPress', ['/var/www/html']],
  [/^drupal:\S*\bfpm\b/, 'Drupal', ['/var/www/html', '/opt/drupal/web']],
]

/** The application of the image that runs the scripts of a site, none of whose files are in the audit; null for another. */
export function applicationOfImage(
  { connections }: Deployment,
  server: NginxServer,
  root: string,
): string | null {
  for (const connection of connections.nginx) {
    if (connection.server !== server || connection.pass.name !== 'fastcgi_pass') continue
    if (documentRoot(connection) !== root) continue
    for (const { machine } of connection.targets) {
      const found = machine?.container == null ? null : inContainer(machine.container, root)
      if (found !== null) return found
    }
  }
  return null
}

function inContainer({ service, reference, files }: Container, root: string): string | null {
  // The start script takes the working directory, and leaves an application alone that lies there.
  if (service.build !== null || service.workingDirectory !== null || service.entrypoint !== null) return null
  if (files.kind(`${root}/index.php`) !== null) return null
  const image = IMAGES.find(([name, , roots]) => name.test(reference ?? '') && roots.includes(root))
  return image?.[1] ?? null
}
