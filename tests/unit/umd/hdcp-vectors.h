/* SPDX-License-Identifier: MIT */
/* Test vectors of the public facsimile receivers R1 and R2; no licensed key is among them. */
#pragma once

typedef struct {
    const char *km, *rtx, *rrx, *kd, *h, *rn, *l, *dkey2, *ks, *edkey, *kd22, *dkey22, *edkey22;
    bool repeater;
} HdcpVector;

static const HdcpVector hdcp_vectors[] = {
    {.km = "68bcc51ba9db1bd0faf15e9ad8a5afb9",
     .rtx = "18fae4206afb5149",
     .rrx = "3ba0bede0c46a991",
     .kd = "899ea97a52a81a15a3d00874b0677df49a80a3a31add355524771e668d8f5d2d",
     .h = "c3c0392dc866a2c39807b4bc3cbb7ad0e61f49d5e7047e9aea8cacf9d7c8cd89",
     .rn = "32753ea878a6381c",
     .l = "1b5726deb5651c773170d0094a14eb0d1f1caba9fe84fdd4eb1752e3e8d0d636",
     .dkey2 = "384debf35db23b70dd685d03ea056f75",
     .ks = "f3df1dd95796123f989789b421e12de1",
     .edkey = "cb92f62a0a24294f7e5f6a69c7a2eb05",
     .kd22 = "4f148d11dd4918106fab166ff6fda6edb5020c0df281badfe41977fad0ac6117",
     .dkey22 = "bfed5acb9328d456a9f52e0ef33675f3",
     .edkey22 = "4c324712c4bec6690ac21964de91f183",
     .repeater = true},
    {.km = "ca9f839570d0d0f9cfe4eb547e09fa3b",
     .rtx = "f9f130a82d5be5c3",
     .rrx = "e17ab0fd0f544052",
     .kd = "8302a3c7572cc669f70ae73f84bf05658feb206768b0368bc91585628f5c345b",
     .h = "ee6f4074eb1bd07b3515b0f8286ab56696e9392bd762bed46a92d8d0a4184d42",
     .rn = "a0fe9bb8206058ca",
     .l = "1916b15973bee367f0565051440f53a2df538dcee2581f65f3bf030e6814e0e4",
     .dkey2 = "5604d8410727f65d70902d00e5b42997",
     .ks = "f3df1dd95796123f989789b421e12de1",
     .edkey = "a5dbc59850b1e462097d1449cb014424",
     .kd22 = "2a04d7eb0a0b4e20264584011eab0a4af9dc1897e8eed8f9ec6a5d34a96202c9",
     .dkey22 = "4554977d855da8c02adef89095027d1a",
     .edkey22 = "b68b8aa4d2cbbaff5333c1d9bbb710a9",
     .repeater = false},
};
