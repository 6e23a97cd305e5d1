import { readAdvisories } from './_advisories.ts'

/** What of a configuration an advisory of nginx needs. */
export type NginxCondition =
  | 'any'
  | 'http3'
  | 'http2'
  | 'spdy'
  | 'tls'
  | 'client-certificates'
  | 'mp4'
  | 'dav'
  | 'dav-alias'
  | 'charset-map'
  | 'resolver'
  | 'ocsp'
  | 'proxy'
  | 'proxy-tls'
  | 'proxy-ssi'
  | 'proxy-http2-invalid'
  | 'uwsgi'
  | 'rewrite-captures'
  | 'mail-names'
  | 'mail-cram'
  | 'mail-smtp-none'
  | 'mail-starttls'
  | 'stream-ocsp'

/**
 * Of https://nginx.org/en/security_advisories.html, with the text of each advisory for its condition. Those are left out
 * whose condition no file decides: CVE-2026-42533 and CVE-2026-60005 (the order in which captures are used),
 * CVE-2026-9256 (nested groups), CVE-2026-42926, CVE-2026-27784 (32-bit machines), CVE-2014-3616 (sessions shared by
 * servers that are not named).
 */
export const NGINX_ADVISORIES = readAdvisories<NginxCondition>(`
  CVE-2026-90439 1.29.2-1.31.5 1.30.5,1.31.6 http3 medium
  CVE-2026-56434 0.8.11-1.31.2 1.30.4,1.31.3 proxy-ssi medium
  CVE-2026-42530 1.31.0-1.31.1 1.31.2 http3 high
  CVE-2026-42055 1.13.10-1.31.1 1.30.3,1.31.2 proxy-http2-invalid medium
  CVE-2026-48142 0.3.50-1.31.1 1.30.3,1.31.2 charset-map low
  CVE-2026-42945 0.6.27-1.30.0 1.30.1,1.31.0 rewrite-captures high
  CVE-2026-42946 0.8.42-1.30.0 1.30.1,1.31.0 uwsgi medium
  CVE-2026-42934 0.3.50-1.30.0 1.30.1,1.31.0 charset-map low
  CVE-2026-40460 1.25.0-1.30.0 1.30.1,1.31.0 http3 medium
  CVE-2026-40701 1.19.0-1.30.0 1.30.1,1.31.0 ocsp medium
  CVE-2026-27654 0.5.13-1.29.6 1.28.3,1.29.7 dav-alias medium
  CVE-2026-32647 1.1.19-1.29.6 1.28.3,1.29.7 mp4 medium
  CVE-2026-27651 0.5.15-1.29.6 1.28.3,1.29.7 mail-cram low
  CVE-2026-28753 0.6.27-1.29.6 1.28.3,1.29.7 mail-names medium
  CVE-2026-28755 1.27.2-1.29.6 1.28.3,1.29.7 stream-ocsp medium
  CVE-2026-1642 1.3.0-1.29.4 1.28.2,1.29.5 proxy-tls medium
  CVE-2025-53859 0.7.22-1.29.0 1.29.1 mail-smtp-none low
  CVE-2025-23419 1.11.4-1.27.3 1.26.3,1.27.4 client-certificates medium
  CVE-2024-7347 1.5.13-1.27.0 1.26.2,1.27.1 mp4 low
  CVE-2024-32760 1.25.0-1.25.5;1.26.0 1.26.1,1.27.0 http3 medium
  CVE-2024-31079 1.25.0-1.25.5;1.26.0 1.26.1,1.27.0 http3 medium
  CVE-2024-35200 1.25.0-1.25.5;1.26.0 1.26.1,1.27.0 http3 medium
  CVE-2024-34161 1.25.0-1.25.5;1.26.0 1.26.1,1.27.0 http3 medium
  CVE-2024-24989 1.25.3 1.25.4 http3 high
  CVE-2024-24990 1.25.0-1.25.3 1.25.4 http3 high
  CVE-2022-41741 1.1.3-1.23.1;1.0.7-1.0.15 1.22.1,1.23.2 mp4 medium
  CVE-2022-41742 1.1.3-1.23.1;1.0.7-1.0.15 1.22.1,1.23.2 mp4 medium
  CVE-2021-23017 0.6.18-1.20.0 1.20.1,1.21.0 resolver medium
  CVE-2019-9511 1.9.5-1.17.2 1.16.1,1.17.3 http2 medium
  CVE-2019-9513 1.9.5-1.17.2 1.16.1,1.17.3 http2 low
  CVE-2019-9516 1.9.5-1.17.2 1.16.1,1.17.3 http2 low
  CVE-2018-16843 1.9.5-1.15.5 1.14.1,1.15.6 http2 low
  CVE-2018-16844 1.9.5-1.15.5 1.14.1,1.15.6 http2 low
  CVE-2018-16845 1.1.3-1.15.5;1.0.7-1.0.15 1.14.1,1.15.6 mp4 medium
  CVE-2017-7529 0.5.6-1.13.2 1.12.1,1.13.3 any medium
  CVE-2016-4450 1.3.9-1.11.0 1.10.1,1.11.1 any medium
  CVE-2016-0742 0.6.18-1.9.9 1.8.1,1.9.10 resolver medium
  CVE-2016-0746 0.6.18-1.9.9 1.8.1,1.9.10 resolver medium
  CVE-2016-0747 0.6.18-1.9.9 1.8.1,1.9.10 resolver medium
  CVE-2014-3556 1.5.6-1.7.3 1.6.1,1.7.4 mail-starttls medium
  CVE-2014-0133 1.3.15-1.5.11 1.4.7,1.5.12 spdy high
  CVE-2014-0088 1.5.10 1.5.11 spdy high
  CVE-2013-4547 0.8.41-1.5.6 1.4.4,1.5.7 any medium
  CVE-2013-2070 1.1.4-1.2.8;1.3.9-1.4.0 1.2.9,1.4.1,1.5.0 proxy medium
  CVE-2013-2028 1.3.9-1.4.0 1.4.1,1.5.0 any high
  CVE-2012-2089 1.1.3-1.1.18;1.0.7-1.0.14 1.0.15,1.1.19 mp4 high
  CVE-2012-1180 0.1.0-1.1.16 1.0.14,1.1.17 proxy high
  CVE-2011-4315 0.6.18-1.1.7 1.0.10,1.1.8 resolver medium
  CVE-2009-3898 0.1.0-0.8.16 0.7.63,0.8.17 dav low
  CVE-2009-3896 0.1.0-0.8.13 0.5.38,0.6.39,0.7.62,0.8.14 any high
  CVE-2009-3555 0.1.0-0.8.22 0.7.64,0.8.23 tls high
`)
