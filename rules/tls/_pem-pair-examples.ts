import { conf } from '../../src/engine/conf.ts'

/** For `shop.example.org`, of nobody, and its key. */
export const SHOP = /* @__PURE__ */ conf`
  -----BEGIN CERTIFICATE-----
  MIIBjTCCATOgAwIBAgIUCEExvoYjWOypi0pMLGW5IQdwHFYwCgYIKoZIzj0EAwIw
  GzEZMBcGA1UEAwwQc2hvcC5leGFtcGxlLm9yZzAgFw0yNjExMjkwNjQ4MDlaGA8y
  MTI2MTEwNTA2NDgwOVowGzEZMBcGA1UEAwwQc2hvcC5leGFtcGxlLm9yZzBZMBMG
  ByqGSM49AgEGCCqGSM49AwEHA0IABH9/NwPChnzPgOioS/OOVxxckPlDRwrd050o
  zdDHacCozMbaOhsiH3BNGmdauQMLGyH9PlgurBBY7u7v7LsLtX+jUzBRMB0GA1Ud
  DgQWBBTzTOp1DuJ/XmazfJ4Nzt+f6+7Z4DAfBgNVHSMEGDAWgBTzTOp1DuJ/Xmaz
  fJ4Nzt+f6+7Z4DAPBgNVHRMBAf8EBTADAQH/MAoGCCqGSM49BAMCA0gAMEUCIGEL
  aTsLpMW3JEGWo8BVvpm46qDso2H1J+wRsXPhHnYuAiEA+hssGsZ47UhEZgSAPR+L
  1v3+BNHrB53kgA2VzuIj2wU=
  -----END CERTIFICATE-----
`
export const KEY_OF_SHOP = /* @__PURE__ */ conf`
  -----BEGIN PRIVATE KEY-----
  MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg+uyNDbJZPiiXyPQf
  gKjIIsgjeD5uoVFp0/2CsLn23PqhRANCAAR/fzcDwoZ8z4DoqEvzjlccXJD5Q0cK
  3dOdKM3Qx2nAqMzG2jobIh9wTRpnWrkDCxsh/T5YLqwQWO7u7+y7C7V/
  -----END PRIVATE KEY-----
`
/** Another one, for `example.org`. */
export const SHOP_BEFORE = {
  certificate: /* @__PURE__ */ conf`
    -----BEGIN CERTIFICATE-----
    MIIBhDCCASmgAwIBAgIUCjLaCrbH7UmG0p9o+zNNE0sApBowCgYIKoZIzj0EAwIw
    FjEUMBIGA1UEAwwLZXhhbXBsZS5vcmcwIBcNMjYxMjAxMjA1NTQyWhgPMjEyNjEx
    MDcyMDU1NDJaMBYxFDASBgNVBAMMC2V4YW1wbGUub3JnMFkwEwYHKoZIzj0CAQYI
    KoZIzj0DAQcDQgAETvXlXM/kCmkk5qFTNxofvrDxbsPq6NAvIY42+/2ReLgNqOHB
    p4vnHhYW0btOoUFza8H9CDohhKinPAuGJpGiKaNTMFEwHQYDVR0OBBYEFClPKfiV
    VwgApKNKSQBolfil4+VbMB8GA1UdIwQYMBaAFClPKfiVVwgApKNKSQBolfil4+Vb
    MA8GA1UdEwEB/wQFMAMBAf8wCgYIKoZIzj0EAwIDSQAwRgIhAM+MsJtGuquD7Ncn
    ZJLIwe1Nf3e6h717VwfRlaNvMFimAiEA8PJN1l5MmPxo2AAH5rW3GiGXw1yv6SHa
    J+OYRQlcIMo=
    -----END CERTIFICATE-----
  `,
  key: /* @__PURE__ */ conf`
    -----BEGIN PRIVATE KEY-----
    MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgJXVew4tYvStlCk9+
    4YdnjlqxCozGIxN/yGXKUOqLBm6hRANCAARO9eVcz+QKaSTmoVM3Gh++sPFuw+ro
    0C8hjjb7/ZF4uA2o4cGni+ceFhbRu06hQXNrwf0IOiGEqKc8C4YmkaIp
    -----END PRIVATE KEY-----
  `,
}
