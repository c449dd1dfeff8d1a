// On the page of a certificate: "check the signature" takes along what stands behind `#`, which no server sees.

for (const link of document.querySelectorAll("[data-verify-link]")) {
  if (/^#[1-9][0-9]{0,999}$/.test(location.hash)) link.hash = new URLSearchParams({ code: location.href }).toString();
}
