import { givenVariables } from '../../parsers/compose/given-variables.ts'
import type { Connection } from '../../src/deployment/model.ts'
import { GHOST } from './_ghost.ts'
import type { SchemeReader } from './_scheme-readers.ts'

/** The application of an image that makes its pages by the scheme which it is told, and is told it by no setting. */
export function imageReading({ targets }: Pick<Connection, 'targets'>): SchemeReader | null {
  for (const { machine } of targets) {
    const container = machine?.container
    if (container == null) continue
    const { service, mounts, hostFiles } = container
    const name = container.reference ?? ''
    if (/^wordpress(?::(?!.*fpm)|$)/.test(name)) {
      const own = givenVariables(service).find(({ name }) => name === 'WORDPRESS_CONFIG_EXTRA')
      if (own !== undefined && !(own.value?.known === true && !/\bHTTPS\b/.test(own.value.value))) continue
      const hasOwn = ({ target, path }: (typeof mounts)[number]): boolean =>
        /\/(?:wp-config\.php|\.htaccess)$/.test(target) ||
        (path !== null && target.endsWith('/html') && hostFiles.kind(`${path}/wp-config.php`) === 'file')
      if (mounts.some(hasOwn)) continue
      return {
        name: 'WordPress',
        does: 'takes every page for plain HTTP: it writes `http://` into pages of https, or redirects its login for ever',
      }
    }
    if (/^ghost(?::|$)/.test(name)) {
      const url = givenVariables(service).find(({ name }) => name === 'url')?.value
      if (url?.known === true && /^https:/i.test(url.value)) return GHOST
    }
    // It makes the address of each upload of the scheme, and `relativeurls` leaves the scheme out.
    if (/^(?:library\/|distribution\/)?registry(?::[23][\w.-]*)?$/.test(name) && service.build === null) {
      const isTold = givenVariables(service).some(({ name }) =>
        /^REGISTRY_HTTP_(?:HOST|RELATIVEURLS|TLS_\w+)$/.test(name),
      )
      if (!isTold && !mounts.some(({ target }) => /\/(?:docker|distribution)\//.test(`${target}/`)))
        return {
          name: 'the registry',
          does: 'answers a push with an address in `http://`, and `docker push` fails behind TLS',
        }
    }
    if (/^(?:quay\.io\/)?keycloak\/keycloak(?::|$)/.test(name) && service.build === null) {
      const words = (service.command?.words ?? []).map(({ text }) => text)
      const told = givenVariables(service).flatMap(({ name, value }) =>
        value?.known === true ? [`${name}=${value.value}`] : [],
      )
      const isTrusting =
        told.some(text => /^KC_(?:PROXY_HEADERS=xforwarded|PROXY=edge)$/i.test(text)) ||
        words.some((word, at) =>
          /^--(?:proxy-headers[= ]xforwarded|proxy[= ]edge)$/.test(
            word.includes('=') ? word : `${word} ${words[at + 1] ?? ''}`,
          ),
        )
      const hasAddress = [...told, words.join(' ')].some(text => /hostname\S*[= ]"?https:/i.test(text))
      if (isTrusting && !hasAddress && givenVariables(service).every(({ value }) => value?.known === true))
        return {
          name: 'Keycloak',
          does: 'takes every request for plain HTTP: `HTTPS required`, or pages whose scripts browsers block',
        }
    }
  }
  return null
}
