//! What the store does otherwise against an emulator, and nothing else.
//!
//! The emulator has no gRPC, by which the service lists and deletes; here these two go over its JSON. They are not made
//! again after a failure. Nothing of this runs against the service.

use google_cloud_gax::options::RequestOptions;
use google_cloud_gax::response::Response as Reply;
use google_cloud_storage::model::{DeleteObjectRequest, ListObjectsRequest, ListObjectsResponse, Object};
use google_cloud_storage::stub::StorageControl;
use google_cloud_storage::{Error, Result};
use reqwest::{Method, Response, Url};
use serde::Deserialize;

/// Never: the emulator forgets the generation that an upload in parts names, and overwrites; and asked how far such an
/// upload is, it ends it, empty.
pub(super) const PARTS_FROM_BYTES: usize = usize::MAX;

#[derive(Debug)]
pub(super) struct Emulator {
    url: String,
    http: reqwest::Client,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Page {
    #[serde(default)]
    items: Vec<Item>,
    #[serde(default)]
    next_page_token: String,
}

#[derive(Deserialize)]
struct Item {
    name: String,
}

impl Emulator {
    pub fn at(url: &str) -> Self {
        Self { url: url.to_owned(), http: reqwest::Client::new() }
    }

    /// `bucket` is `projects/_/buckets/<name>`.
    async fn send(
        &self,
        method: Method,
        bucket: &str,
        object: Option<&str>,
        query: &[(&str, &str)],
    ) -> Result<Response> {
        let mut url = Url::parse(&self.url).map_err(Error::binding)?;
        let mut path = url.path_segments_mut().map_err(|()| Error::binding("the emulator's URL has no path"))?;
        path.extend(["storage", "v1", "b", bucket.rsplit('/').next().unwrap_or_default(), "o"]).extend(object);
        drop(path);
        let sent = self.http.request(method, url).query(query).send().await;
        let response =
            sent.map_err(|error| if error.is_connect() { Error::connect(error) } else { Error::io(error) })?;
        if response.status().is_success() {
            return Ok(response);
        }
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Err(Error::http(status, headers, response.bytes().await.map_err(Error::io)?))
    }
}

impl StorageControl for Emulator {
    async fn list_objects(&self, asked: ListObjectsRequest, _: RequestOptions) -> Result<Reply<ListObjectsResponse>> {
        let size = asked.page_size.to_string();
        let query = [
            ("prefix", asked.prefix.as_str()),
            ("startOffset", &asked.lexicographic_start),
            ("maxResults", &size),
            ("pageToken", &asked.page_token),
        ];
        let response = self.send(Method::GET, &asked.parent, None, &query).await?;
        let page: Page = response.json().await.map_err(Error::deser)?;
        let objects = page.items.into_iter().map(|item| Object::new().set_name(item.name));
        let objects = ListObjectsResponse::new().set_objects(objects).set_next_page_token(page.next_page_token);
        Ok(Reply::from(objects))
    }

    async fn delete_object(&self, asked: DeleteObjectRequest, _: RequestOptions) -> Result<Reply<()>> {
        self.send(Method::DELETE, &asked.bucket, Some(&asked.object), &[]).await.map(|_| Reply::from(()))
    }
}
