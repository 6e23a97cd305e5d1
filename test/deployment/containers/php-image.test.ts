import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { conf } from '../../../src/engine/conf.ts'
import type { PhpFpmProgram } from '../../../src/deployment/model.ts'
import { deploymentsOf } from '../../rules/audit-files.ts'

type Texts = Readonly<Record<string, string>>

const built = (...steps: readonly string[]): Texts => ({
  'compose.yaml': conf`
    services:
      php:
        build: .
  `,
  Dockerfile: ['FROM php:8.3-fpm', ...steps, ''].join('\n'),
  'pool.conf': '[www]\nlisten = 9002\n',
})

/** The one pool that the image starts; undefined where nobody knows it. */
function poolOf(texts: Texts): PhpFpmProgram | undefined {
  const pools = deploymentsOf(texts).flatMap(({ machines }) =>
    machines.flatMap(({ programs }) => programs.filter(each => each.kind === 'php-fpm')),
  )
  return pools[0]
}

function listenOf(texts: Texts): string | null {
  const address = poolOf(texts)?.pool.listen?.address
  if (address?.known !== true) return null
  return address.value.kind === 'unix' ? address.value.path : String(address.value.port)
}

test('the pool of the image listens where its steps say', () => {
  assert.is(listenOf(built()), '9000')
  const zz = '/usr/local/etc/php-fpm.d/zz-docker.conf'
  assert.is(listenOf(built(`RUN sed -i 's/listen = 9000/listen = 9001/' ${zz}`)), '9001')
  assert.is(listenOf(built(`RUN sed -i 's#listen = .*#listen = /run/php.sock#' ${zz}`)), '/run/php.sock')
  assert.is(listenOf(built(`RUN rm ${zz}`)), '9000')
  // What the last file says holds.
  assert.is(
    listenOf(built("RUN sed -i 's/listen = .*/listen = 9001/' /usr/local/etc/php-fpm.d/www.conf")),
    '9000',
  )
  assert.is(
    listenOf(
      built(
        'RUN echo "[www]" > /usr/local/etc/php-fpm.d/zzz.conf && echo "listen = 9003" >> /usr/local/etc/php-fpm.d/zzz.conf',
      ),
    ),
    '9003',
  )
  assert.is(
    poolOf(
      built("RUN sed -i 's/pm.max_children = 5/pm.max_children = 20/' /usr/local/etc/php-fpm.d/www.conf"),
    )?.pool.maxChildren?.known,
    true,
  )
})

test('PHP takes what steps write beside its php.ini', () => {
  const size = (...steps: readonly string[]): unknown => poolOf(built(...steps))?.phpSetting('post_max_size')
  const written = size(
    'RUN mv "$PHP_INI_DIR/php.ini-production" "$PHP_INI_DIR/php.ini"',
    'RUN { echo "post_max_size = 100M"; echo "upload_max_filesize = 90M"; } > $PHP_INI_DIR/conf.d/uploads.ini',
  )
  assert.match(JSON.stringify(written) ?? '', /"100M"/)
})

test('nothing is said where nobody knows what the pool is', () => {
  for (const step of [
    'RUN ./setup.sh',
    'RUN sed -i "/listen/d" /usr/local/etc/php-fpm.d/zz-docker.conf',
    'RUN curl -s https://example.org/a.conf > /usr/local/etc/php-fpm.d/zzz.conf',
    'RUN echo "listen = $PORT" >> /usr/local/etc/php-fpm.d/zz-docker.conf',
    'COPY start.sh /\nENTRYPOINT ["/start.sh"]',
  ])
    assert.is(
      poolOf({
        ...built(step),
        'start.sh':
          '#!/bin/sh\nif true; then\n  rm /usr/local/etc/php-fpm.d/zz-docker.conf\nfi\nexec php-fpm\n',
      }),
      undefined,
      step,
    )
})

test.run()
